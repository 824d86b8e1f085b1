/* Operands of products in float32: a word is one number. */
enum { PER_WORD = 1 };

typedef float element; /* of an operand */
typedef float kept;    /* of a gate kept for the backward pass */

INLINE vec v_multiply_add(vec columns, vec row, vec sum) { return v_fma(columns, row, sum); }

INLINE vec v_load_elements(const element *p, int64_t n) { return v_load_some(p, n); }
INLINE void v_store_elements(element *p, vec x, int64_t n) { v_store_some(p, x, n); }
INLINE vec v_load_kept(const kept *p, int64_t n) { return v_load_some(p, n); }
INLINE void v_store_kept(kept *p, vec x, int64_t n) { v_store_some(p, x, n); }

INLINE vec v_pair(vec first, vec second)
{
    (void)second;
    return first;
}
