#pragma GCC target("avx2,fma,f16c")
#include "lanes_avx2.h"
#include "operand_fp32.h"
#include "kernels.h"

const struct kernels kernels_avx2 = KERNELS;
