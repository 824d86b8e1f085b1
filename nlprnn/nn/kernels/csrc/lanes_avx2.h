/* Vectors of 8 floats. */
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

enum { LANES = 8, TILE_ROWS = 3, TILE_VECTORS = 4 }; /* 12 sums of 16 registers; the columns are read from the cache */

typedef __m256 vec;

INLINE __m256i lanes(int64_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)(n < LANES ? n : LANES)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
INLINE vec v_set(float x) { return _mm256_set1_ps(x); }
INLINE vec v_zero(void) { return _mm256_setzero_ps(); }
INLINE vec v_load(const float *p) { return _mm256_loadu_ps(p); }
INLINE void v_store(float *p, vec x) { _mm256_storeu_ps(p, x); }
INLINE vec v_load_some(const float *p, int64_t n) { return n >= LANES ? v_load(p) : _mm256_maskload_ps(p, lanes(n)); }
INLINE void v_store_some(float *p, vec x, int64_t n)
{
    if (n >= LANES)
        v_store(p, x);
    else
        _mm256_maskstore_ps(p, lanes(n), x);
}
INLINE vec v_fma(vec a, vec b, vec c) { return _mm256_fmadd_ps(a, b, c); }
INLINE vec v_max(vec a, vec b) { return _mm256_max_ps(a, b); }
INLINE vec v_min(vec a, vec b) { return _mm256_min_ps(a, b); }
INLINE vec v_abs(vec a) { return _mm256_andnot_ps(v_set(-0.0f), a); }
INLINE vec v_round(vec a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
INLINE vec v_times_two_to(vec a, vec n) /* n from -126 to 127 */
{
    return a * _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23));
}
INLINE vec v_where_less(vec a, vec b, vec then, vec otherwise)
{
    return _mm256_blendv_ps(otherwise, then, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
}
INLINE vec v_reciprocal(vec a) { return v_set(1) / a; }
INLINE float v_sum(vec a)
{
    __m128 x = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    x = _mm_add_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_add_ss(x, _mm_movehdup_ps(x)));
}
INLINE float v_largest(vec a)
{
    __m128 x = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    x = _mm_max_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_max_ss(x, _mm_movehdup_ps(x)));
}

/* Eight numbers of 16 bits, or the n that are there. */
INLINE __m128i load_16_bits(const uint16_t *p, int64_t n)
{
    __m128i x = _mm_setzero_si128();
    memcpy(&x, p, n >= LANES ? sizeof x : n <= 0 ? 0 : (size_t)n * sizeof *p);
    return x;
}
INLINE void store_16_bits(uint16_t *p, __m128i x, int64_t n)
{
    memcpy(p, &x, n >= LANES ? sizeof x : n <= 0 ? 0 : (size_t)n * sizeof *p);
}
INLINE vec v_load_half(const uint16_t *p, int64_t n) { return _mm256_cvtph_ps(load_16_bits(p, n)); }
INLINE void v_store_half(uint16_t *p, vec x, int64_t n)
{
    store_16_bits(p, _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT), n);
}

/* Numbers as bfloat16: the upper half of a float32, rounded to even. A word holds two. */
INLINE vec v_to_upper(vec a)
{
    __m256i bits = (__m256i)a, odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    __m256i rounded = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
    return _mm256_blendv_ps(a, (vec)rounded, _mm256_cmp_ps(a, a, _CMP_ORD_Q)); /* no number stays none */
}
INLINE vec v_first(vec words) { return (vec)_mm256_slli_epi32((__m256i)words, 16); }
INLINE vec v_second(vec words) { return (vec)_mm256_and_si256((__m256i)words, _mm256_set1_epi32((int)0xffff0000)); }
INLINE vec v_join(vec first, vec second)
{
    return (vec)_mm256_or_si256(_mm256_srli_epi32((__m256i)first, 16), (__m256i)v_second(second));
}
INLINE vec v_load_upper(const uint16_t *p, int64_t n) { return v_first((vec)_mm256_cvtepu16_epi32(load_16_bits(p, n))); }
INLINE void v_store_upper(uint16_t *p, vec x, int64_t n)
{
    __m256i upper = _mm256_srli_epi32((__m256i)x, 16);
    store_16_bits(p, _mm_packus_epi32(_mm256_castsi256_si128(upper), _mm256_extracti128_si256(upper, 1)), n);
}

/* Rows become columns: LANES vectors of LANES 32-bit words. */
INLINE void v_transpose(vec row[LANES])
{
    vec a[LANES], b[LANES];
#pragma GCC unroll 16
    for (int i = 0; i < LANES; i += 2) {
        a[i] = _mm256_unpacklo_ps(row[i], row[i + 1]);
        a[i + 1] = _mm256_unpackhi_ps(row[i], row[i + 1]);
    }
#pragma GCC unroll 16
    for (int i = 0; i < LANES; i += 4) {
        b[i] = _mm256_shuffle_ps(a[i], a[i + 2], 0x44);
        b[i + 1] = _mm256_shuffle_ps(a[i], a[i + 2], 0xee);
        b[i + 2] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0x44);
        b[i + 3] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0xee);
    }
#pragma GCC unroll 16
    for (int i = 0; i < 4; i++) {
        row[i] = _mm256_permute2f128_ps(b[i], b[i + 4], 0x20);
        row[i + 4] = _mm256_permute2f128_ps(b[i], b[i + 4], 0x31);
    }
}
