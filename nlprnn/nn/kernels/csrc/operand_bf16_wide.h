/* The same operands where the processor cannot multiply bfloat16: two products in float32 in place of one. Half the bytes
   are read, which is what counts where each weight is read once for a few rows. */
enum { PER_WORD = 2 };

typedef uint16_t element;
typedef uint16_t kept;

INLINE vec v_multiply_add(vec columns, vec row, vec sum)
{
    return v_fma(v_second(columns), v_second(row), v_fma(v_first(columns), v_first(row), sum));
}

INLINE vec v_load_elements(const element *p, int64_t n) { return v_load_upper(p, n); }
INLINE void v_store_elements(element *p, vec x, int64_t n) { v_store_upper(p, v_to_upper(x), n); }
INLINE vec v_load_kept(const kept *p, int64_t n) { return v_load_half(p, n); }
INLINE void v_store_kept(kept *p, vec x, int64_t n) { v_store_half(p, x, n); }

INLINE vec v_pair(vec first, vec second) { return v_join(v_to_upper(first), v_to_upper(second)); }
