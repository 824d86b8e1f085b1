/* Everything that is compiled once for each instruction set and operand type. */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "native.h"

#include "multiply.h"
#include "gates.h"
#include "sequence.h"
#include "sequence_backward.h"
#include "output.h"
#include "linear.h"
#include "step.h"
#include "drop.h"
#include "largest.h"

#define KERNELS \
    {sequence_saved, sequence_scratch, sequence_forward, sequence_backward, \
     output_saved, output_scratch, output_forward, output_backward, \
     sequence_packed, sequence_pack, step_packed, step_pack, step_scratch, step, drop, linear_scratch, linear, largest}
