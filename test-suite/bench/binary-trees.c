/* Many small trees: recursion, malloc and free. */
#include <stdio.h>
#include <stdlib.h>

struct tree {
	struct tree *left, *right;
};

static struct tree *grow(int depth)
{
	struct tree *tree = malloc(sizeof(*tree));

	tree->left = depth ? grow(depth - 1) : NULL;
	tree->right = depth ? grow(depth - 1) : NULL;
	return tree;
}

static int count(const struct tree *tree)
{
	return tree->left ? 1 + count(tree->left) + count(tree->right) : 1;
}

static void fell(struct tree *tree)
{
	if (tree->left) {
		fell(tree->left);
		fell(tree->right);
	}
	free(tree);
}

int main(int argc, char **argv)
{
	int most = argc > 1 ? atoi(argv[1]) : 17;
	struct tree *kept = grow(most);

	for (int depth = 4; depth <= most; depth += 4) {
		int trees = 1 << (most - depth + 4), sum = 0;

		for (int i = 0; i < trees; i++) {
			struct tree *tree = grow(depth);

			sum += count(tree);
			fell(tree);
		}
		printf("%d trees of depth %d: %d\n", trees, depth, sum);
	}
	printf("kept: %d\n", count(kept));
	fell(kept);
	return 0;
}
