/* Operands of products in bfloat16: a 32-bit word holds two neighbours along the summed dimension; sums are float32. */
enum { PER_WORD = 2 };

typedef uint16_t element; /* of an operand */
typedef uint16_t kept;    /* of a gate kept for the backward pass: float16, whose 11 bits suit gates */

INLINE vec v_multiply_add(vec columns, vec row, vec sum)
{
    return _mm512_dpbf16_ps(sum, (__m512bh)columns, (__m512bh)row);
}

INLINE vec v_load_elements(const element *p, int64_t n)
{
    return (vec)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes(n), p)), 16);
}
INLINE void v_store_elements(element *p, vec x, int64_t n)
{
    store_16_bits(p, (__m256i)_mm512_cvtneps_pbh(x), n);
}
INLINE vec v_load_kept(const kept *p, int64_t n) { return v_load_half(p, n); }
INLINE void v_store_kept(kept *p, vec x, int64_t n) { v_store_half(p, x, n); }

/* Words whose first elements come from one row and whose second from the next. */
INLINE vec v_pair(vec first, vec second)
{
    __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(first));
    __m512i high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(second));
    return (vec)_mm512_or_si512(low, _mm512_slli_epi32(high, 16));
}
