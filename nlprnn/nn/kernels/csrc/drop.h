/* Dropout from a seed: which numbers are kept is a function of seed and place, so that no mask is stored. */

/* The finalizer of MurmurHash3: every bit of h depends on every other. */
INLINE uint32_t mix(uint32_t h)
{
    h = (h ^ h >> 16) * 0x85ebca6bu;
    h = (h ^ h >> 13) * 0xc2b2ae35u;
    return h ^ h >> 16;
}

static void drop(const struct team *team, const struct dropping *d, void *scratch)
{
    uint32_t low = (uint32_t)d->seed, high = (uint32_t)(d->seed >> 32), limit = (uint32_t)(d->p * 4294967296.0);
    float scale = (float)(1 / (1 - d->p));
    int64_t first, last;
    (void)scratch;
    share(team, d->count, &first, &last);
    for (int64_t i = first; i < last; i++)
        d->out[i] = mix(mix((uint32_t)i + low) ^ high ^ (uint32_t)(i >> 32)) >= limit ? d->x[i] * scale : 0.0f;
}
