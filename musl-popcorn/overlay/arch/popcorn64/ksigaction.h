/* The asm-generic kernel structure, struct pcn_sigaction in abi.h; signal
 * frames are the run time's business, so there is no restorer. */
struct k_sigaction {
	void (*handler)(int);
	unsigned long flags;
	unsigned mask[2];
};
