/*
 * complex-operands.h - parts of complex numbers that are hard on `*` and `/`:
 * extremes, any bits, numbers near 1, nearly too small, nearly too large.  The
 * bits of a NaN count for nothing.
 */
#ifndef COMPLEX_OPERANDS_H
#define COMPLEX_OPERANDS_H

#include <complex.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t shifted(uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	return *random ^= *random << 17;
}

#define BITS(BITS_TYPE)                                                        \
	((BITS_TYPE)((unsigned __int128)shifted(&random) << 64 |               \
		     shifted(&random)))

/* MANTISSA: bits below the exponent. */
#define OPERAND(TYPE, BITS_TYPE, PREFIX, MANTISSA)                             \
	({                                                                     \
		const TYPE extremes[] = {                                      \
			0,                                                     \
			-(TYPE)0,                                              \
			1,                                                     \
			-1,                                                    \
			INFINITY,                                              \
			-INFINITY,                                             \
			NAN,                                                   \
			PREFIX##_MAX,                                          \
			-PREFIX##_MAX / 2,                                     \
			PREFIX##_MIN,                                          \
			-PREFIX##_TRUE_MIN,                                    \
			PREFIX##_EPSILON,                                      \
			PREFIX##_MAX / 2 * PREFIX##_EPSILON,                   \
		};                                                             \
		const BITS_TYPE top = (BITS_TYPE)1                             \
				      << (sizeof(BITS_TYPE) * 8 - 1);          \
		const BITS_TYPE exponent = top - ((BITS_TYPE)1 << MANTISSA);   \
		BITS_TYPE bits = BITS(BITS_TYPE);                              \
		TYPE value;                                                    \
                                                                               \
		switch (shifted(&random) % 5) {                                \
		case 0:                                                        \
			value = extremes[shifted(&random) % 13];               \
			break;                                                 \
		case 1:                                                        \
			value = (TYPE)(int64_t)shifted(&random) / (TYPE)1e18;  \
			break;                                                 \
		case 2: /* tiny */                                             \
			bits &= ~exponent;                                     \
			bits |= (BITS_TYPE)(shifted(&random) % 120)            \
				<< MANTISSA;                                   \
			memcpy(&value, &bits, sizeof(value));                  \
			break;                                                 \
		case 3: /* huge */                                             \
			bits &= ~exponent;                                     \
			bits |= exponent -                                     \
				((BITS_TYPE)(shifted(&random) % 120 + 1)       \
				 << MANTISSA);                                 \
			/* fallthrough */                                      \
		default:                                                       \
			memcpy(&value, &bits, sizeof(value));                  \
		}                                                              \
		value;                                                         \
	})

#define MIX_PART(TYPE, PART)                                                   \
	do {                                                                   \
		TYPE part = PART;                                              \
		uint64_t words[2] = {0};                                       \
                                                                               \
		if (part == part)                                              \
			memcpy(words, &part, sizeof(part));                    \
		else                                                           \
			words[0] = 7;                                          \
		hash = mix(mix(hash, words[0]), words[1]);                     \
	} while (0)

#define MIX_RESULTS(TYPE, a, b, c, d)                                          \
	do {                                                                   \
		TYPE _Complex first, second, result;                           \
                                                                               \
		__real__ first = a;                                            \
		__imag__ first = b;                                            \
		__real__ second = c;                                           \
		__imag__ second = d;                                           \
		result = first * second;                                       \
		MIX_PART(TYPE, __real__ result);                               \
		MIX_PART(TYPE, __imag__ result);                               \
		result = first / second;                                       \
		MIX_PART(TYPE, __real__ result);                               \
		MIX_PART(TYPE, __imag__ result);                               \
	} while (0)

#endif
