/* The exponential function and what gates make of it: to one part in ten million for operands in float32; to one in ten
   thousand for operands in bfloat16, which are rounded to one in five hundred. */

/* 2^x from a polynomial on [-1/2, 1/2], fitted for the least relative error (2e-9 and 3e-6), and the exponent. What is
   not a number stays so. */
INLINE vec v_exp(vec x)
{
    x = v_min(v_set(88.0f), v_max(v_set(-87.0f), x)) * v_set(1.44269504f);
    vec n = v_round(x), r = x - n, p;
    if (PER_WORD == 1) {
        p = v_fma(v_set(1.53458109e-4f), r, v_set(1.33999312e-3f));
        p = v_fma(p, r, v_set(9.61848896e-3f));
        p = v_fma(p, r, v_set(5.55032878e-2f));
        p = v_fma(p, r, v_set(2.40226469e-1f));
        p = v_fma(p, r, v_set(6.93147206e-1f));
    } else {
        p = v_fma(v_set(9.57010059e-3f), r, v_set(5.59178602e-2f));
        p = v_fma(p, r, v_set(2.40247449e-1f));
        p = v_fma(p, r, v_set(6.93121815e-1f));
    }
    return v_times_two_to(v_fma(p, r, v_set(1.0f)), n);
}

INLINE vec v_gate_reciprocal(vec x)
{
#if defined(__AVX512F__)
    if (PER_WORD > 1)
        return v_reciprocal_14_bits(x);
#endif
    return v_reciprocal(x);
}

INLINE vec v_sigmoid(vec x) { return v_gate_reciprocal(v_set(1) + v_exp(v_zero() - x)); }

/* 1 - 2 / (e^2x + 1), and near zero, where that loses digits, the first terms of its series. */
INLINE vec v_tanh(vec x)
{
    vec large = v_set(1) - v_set(2) * v_gate_reciprocal(v_exp(x + x) + v_set(1));
    if (PER_WORD > 1)
        return large;
    vec square = x * x;
    vec series = v_fma(v_fma(v_set(-17.0f / 315), square, v_set(2.0f / 15)), square, v_set(-1.0f / 3));
    return v_where_less(v_abs(x), v_set(0.15f), v_fma(series * square, x, x), large);
}
