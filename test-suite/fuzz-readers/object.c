/* A relocatable object, as popcorn-layout reads it: alone, and beside its
 * undamaged run time in a plan. */
#include "plan.h"
#include "reader.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	struct error error = {""};
	struct slice *slice = &plan->slices[0];
	int err;

	plan->slice_count = 1;
	slice->script = "/dev/null";
	err = pcn_object_read(&slice->program, fuzz_file(data, size), &error);
	if (!err)
		err = pcn_plan_make(plan, &error);
	if (!err)
		err = pcn_plan_check(plan, &error);
	if (!err)
		err = pcn_script_write(plan, 0, &error);
	if (err && !error.text[0])
		__builtin_trap(); /* refused without a word */
	pcn_plan_free(plan);
	free(plan);
	return 0;
}
