"""What a program hears that asked for something which is refused half-way."""

from luck import NODES


def test_own_move(luck):
    """popcorn_migrate answers -1, and a line on standard error says why (popcorn.h)."""
    luck.expect(0, "popcorn-run: cannot save: a file whose pages the program shares is not found "
                "by its name\n1 on 0 x\n",
                luck.tool("popcorn-run"), *NODES, luck.program("refuses"))

