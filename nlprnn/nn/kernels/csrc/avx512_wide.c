#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,fma")
#include "lanes_avx512.h"
#include "operand_bf16_wide.h"
#include "kernels.h"

const struct kernels kernels_avx512_wide = KERNELS;
