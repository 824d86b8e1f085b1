"""What is read out of the list of a process's memory."""

from nlprnn.nn.kernels.library import mapped

MAPS = """\
00400000-00421000 r-xp 00000000 08:01 131 /usr/bin/python3
00c00000-00d00000 rw-p 00000000 00:00 0
00c00000-00d00000 rw-p 00000000 00:00 0                          [heap]
7f0000000000-7f0000021000 r--p 00000000 08:01 77       /home/an other/my env/torch/lib/libgomp-1a2b.so.1
7f0000021000-7f0000022000 r-xp 00021000 08:01 77       /home/an other/my env/torch/lib/libgomp-1a2b.so.1
"""


def test_files_are_found_by_their_whole_names() -> None:
    wanted = {"/usr/bin/python3", "[heap]", "/home/an other/my env/torch/lib/libgomp-1a2b.so.1"}
    assert mapped(MAPS) == wanted
