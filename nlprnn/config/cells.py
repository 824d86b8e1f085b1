"""The recurrent cells there are."""

CELLS = ("lstm", "gru", "rnn-tanh", "rnn-relu")
