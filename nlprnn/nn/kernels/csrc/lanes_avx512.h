/* Vectors of 16 floats. */
#include <immintrin.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))

enum { LANES = 16, TILE_ROWS = 6, TILE_VECTORS = 4 }; /* 24 sums, 4 columns and a row's value: 29 of 32 registers */

typedef __m512 vec;

INLINE __mmask16 lanes(int64_t n) { return n >= LANES ? 0xffff : n <= 0 ? 0 : (__mmask16)((1u << n) - 1); }
INLINE vec v_set(float x) { return _mm512_set1_ps(x); }
INLINE vec v_zero(void) { return _mm512_setzero_ps(); }
INLINE vec v_load(const float *p) { return _mm512_loadu_ps(p); }
INLINE void v_store(float *p, vec x) { _mm512_storeu_ps(p, x); }
INLINE vec v_load_some(const float *p, int64_t n) { return _mm512_maskz_loadu_ps(lanes(n), p); }
/* Stores under a mask are slow, and loads that follow wait for them. */
INLINE void v_store_some(float *p, vec x, int64_t n)
{
    if (n >= LANES)
        v_store(p, x);
    else
        _mm512_mask_storeu_ps(p, lanes(n), x);
}
INLINE void store_16_bits(uint16_t *p, __m256i x, int64_t n)
{
    if (n >= LANES)
        _mm256_storeu_si256((__m256i *)p, x);
    else
        _mm256_mask_storeu_epi16(p, lanes(n), x);
}
INLINE vec v_fma(vec a, vec b, vec c) { return _mm512_fmadd_ps(a, b, c); }
INLINE vec v_max(vec a, vec b) { return _mm512_max_ps(a, b); }
INLINE vec v_min(vec a, vec b) { return _mm512_min_ps(a, b); }
INLINE vec v_abs(vec a) { return _mm512_abs_ps(a); }
INLINE vec v_round(vec a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
INLINE vec v_times_two_to(vec a, vec n) { return _mm512_scalef_ps(a, n); }
INLINE vec v_where_less(vec a, vec b, vec then, vec otherwise)
{
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), otherwise, then);
}
INLINE vec v_reciprocal_14_bits(vec a) { return _mm512_rcp14_ps(a); }
INLINE vec v_reciprocal(vec a) /* with one step of Newton's method */
{
    vec x = v_reciprocal_14_bits(a);
    return x * (v_set(2) - a * x);
}
INLINE float v_sum(vec a) { return _mm512_reduce_add_ps(a); }
INLINE float v_largest(vec a) { return _mm512_reduce_max_ps(a); }

INLINE vec v_load_half(const uint16_t *p, int64_t n)
{
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(lanes(n), p));
}
INLINE void v_store_half(uint16_t *p, vec x, int64_t n)
{
    store_16_bits(p, _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC), n);
}

/* Numbers as bfloat16: the upper half of a float32, rounded to even. A word holds two. */
INLINE vec v_to_upper(vec a)
{
    __m512i bits = (__m512i)a, odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    return (vec)_mm512_mask_blend_epi32(_mm512_cmp_ps_mask(a, a, _CMP_ORD_Q), bits, rounded); /* no number stays none */
}
INLINE vec v_first(vec words) { return (vec)_mm512_slli_epi32((__m512i)words, 16); }
INLINE vec v_second(vec words) { return (vec)_mm512_and_si512((__m512i)words, _mm512_set1_epi32((int)0xffff0000)); }
INLINE vec v_join(vec first, vec second)
{
    return (vec)_mm512_or_si512(_mm512_srli_epi32((__m512i)first, 16), (__m512i)v_second(second));
}
INLINE vec v_load_upper(const uint16_t *p, int64_t n)
{
    return v_first((vec)_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes(n), p)));
}
INLINE void v_store_upper(uint16_t *p, vec x, int64_t n)
{
    store_16_bits(p, _mm512_cvtepi32_epi16(_mm512_srli_epi32((__m512i)x, 16)), n);
}

/* Rows become columns: LANES vectors of LANES 32-bit words. */
INLINE void v_transpose(vec row[LANES])
{
    __m512i a[LANES], b[LANES];
#pragma GCC unroll 16
    for (int i = 0; i < LANES; i += 2) {
        a[i] = _mm512_unpacklo_epi32((__m512i)row[i], (__m512i)row[i + 1]);
        a[i + 1] = _mm512_unpackhi_epi32((__m512i)row[i], (__m512i)row[i + 1]);
    }
#pragma GCC unroll 16
    for (int i = 0; i < LANES; i += 4) {
        b[i] = _mm512_unpacklo_epi64(a[i], a[i + 2]);
        b[i + 1] = _mm512_unpackhi_epi64(a[i], a[i + 2]);
        b[i + 2] = _mm512_unpacklo_epi64(a[i + 1], a[i + 3]);
        b[i + 3] = _mm512_unpackhi_epi64(a[i + 1], a[i + 3]);
    }
#pragma GCC unroll 16
    for (int i = 0; i < 4; i++) { /* b[4g + i]: columns i, i+4, i+8, i+12 of rows 4g to 4g+3, 128 bits each */
        a[i] = _mm512_shuffle_i32x4(b[i], b[i + 4], 0x88);
        a[i + 4] = _mm512_shuffle_i32x4(b[i], b[i + 4], 0xdd);
        a[i + 8] = _mm512_shuffle_i32x4(b[i + 8], b[i + 12], 0x88);
        a[i + 12] = _mm512_shuffle_i32x4(b[i + 8], b[i + 12], 0xdd);
    }
#pragma GCC unroll 16
    for (int i = 0; i < 4; i++) {
        row[i] = (vec)_mm512_shuffle_i32x4(a[i], a[i + 8], 0x88);
        row[i + 8] = (vec)_mm512_shuffle_i32x4(a[i], a[i + 8], 0xdd);
        row[i + 4] = (vec)_mm512_shuffle_i32x4(a[i + 4], a[i + 12], 0x88);
        row[i + 12] = (vec)_mm512_shuffle_i32x4(a[i + 4], a[i + 12], 0xdd);
    }
}
