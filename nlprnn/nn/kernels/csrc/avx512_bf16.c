#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma")
#include "lanes_avx512.h"
#include "operand_bf16.h"
#include "kernels.h"

const struct kernels kernels_avx512_bf16 = KERNELS;
