/*
 * returns.c - does the code at an address do nothing but return?
 */
#include "native.h"

bool pcn_arch_returns(uint64_t address)
{
	const uint8_t *code = (const uint8_t *)address;

	for (;;) {
		if (code[0] == 0xc3) /* ret */
			return true;
		if (code[0] == 0xeb) /* jmp short */
			code += 2 + (int8_t)code[1];
		else if (code[0] >= 0x58 && code[0] <= 0x5f) /* pop */
			code += 1;
		else if (code[0] == 0x41 && code[1] >= 0x58 && code[1] <= 0x5f)
			code += 2;
		else if (code[0] == 0x48 && code[1] == 0x83 &&
			 code[2] == 0xc4) /* add rsp */
			code += 4;
		else if (code[0] == 0x48 && code[1] == 0x81 && code[2] == 0xc4)
			code += 7;
		else if (code[0] == 0x48 && code[1] == 0x8d &&
			 code[2] == 0x65) /* lea rsp */
			code += 4;
		else
			return false;
	}
}
