"""What a diagnosis explains: how each thing was measured, in the order in which recurrent networks are taught."""

from __future__ import annotations

LEAD = (
    "Recurrent networks read step by step and learn by going back the same way. This page shows how far that carries: "
    "gradients that explode or vanish, memory that is short, and what helps. The sentences are made from the numbers "
    "that were measured, and hold for the networks and budgets named here.",
)

# A heading, what was done, and which parts stand there; without parts there is only the drawing.
SECTIONS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "Unfolding, and back-propagation through time",
        (
            "Unfolded over time, a recurrent network is a deep one with the same weights in each layer. The state k "
            "steps back has its share in the loss at t through every state between: its gradient is that of the last "
            "state times k Jacobians J, one a step. Where these shrink what they are multiplied with, the gradient "
            "vanishes with k; where they stretch it, it explodes (Bengio, Simard and Frasconi 1994; Pascanu, Mikolov "
            "and Bengio 2013).",
        ),
        (),
    ),
    (
        "How far a gradient reaches: exploding and vanishing",
        (
            "One untrained layer of each cell reads random numbers. Its recurrent matrices are orthogonal, times a "
            "gain, so that the gain is the largest and the smallest factor by which the matrix itself stretches; what "
            "else there is, is the cell. Lines are medians, bands lie between the quartiles. An LSTM has two states: "
            "h, which it puts out, and c, its memory.",
        ),
        ("gains",),
    ),
    (
        "Two measures, and clipping",
        (
            "Networks learn to recall a symbol after ten distractors, with plain stochastic gradient descent, whose "
            "updates are as large as its gradients. A gradient counts as exploded where it is not finite, or more than "
            "ten times the median of the fifty before it; updates that were never made, because training had to end, "
            "count too. In brackets: the least and the most of the seeds.",
        ),
        ("measures",),
    ),
    (
        "Short-term memory",
        (
            "Delayed recall: a symbol, then distractors drawn at random, then a question that the symbol answers. "
            "Copying: three symbols, a silence, and the three in their order. A network of its own is trained at each "
            "delay. Relu networks begin with the identity as their recurrent matrix (Le et al. 2015), tanh networks "
            "with an orthogonal one, LSTMs with a forget gate bias of 1; lstm-chrono and gru-chrono begin with gates "
            "that keep what they hold for as long as the task asks (Tallec and Ollivier 2018). Intervals in the plots "
            "are the range of the seeds.",
        ),
        ("recall", "copying"),
    ),
    (
        "Truncated back-propagation through time",
        (
            "Trial after trial is read as one stream. Every so many steps it is cut: the state is carried on, the "
            "gradient is not. Framed are the pairs at which an item and its question ever lie within one piece.",
        ),
        ("bptt",),
    ),
    (
        "Are LSTM and GRU a cure?",
        (
            "The gradient of the answer in delayed recall, before and after learning it, as a share of the gradient at "
            "the answer: what the gates have learnt to let through. The item stands at the right end of the curves. Of "
            "an LSTM the memory c is shown.",
        ),
        ("learnt",),
    ),
    (
        "What your model carries",
        (
            "Reach: the gradient of -log p of a token with respect to the states before it. Saturation: gates below "
            "0.1 (low) or above 0.9 (high), tanh units within 0.1 of their ends, relu units at 0 (Karpathy, Johnson "
            "and Li 2015), as a share of units and places; and the share of units that are so at all places. "
            "Context: the same tokens predicted with the nearest tokens left as they are, and those beyond forgotten, "
            "shuffled, or half of them dropped (Khandelwal et al. 2018); intervals are of 95 %, over tokens.",
        ),
        ("reach", "saturation", "context"),
    ),
)
