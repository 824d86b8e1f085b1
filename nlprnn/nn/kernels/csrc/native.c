/* The functions that Python calls, by the instruction set asked for. */
#include <stdlib.h>

#include "native.h"

/* The wide ones multiply bfloat16 in float32; a processor is never said to be one of them. */
enum { NONE, AVX2, AVX512, AVX512_BF16, AVX2_WIDE, AVX512_WIDE };

/* The best that this processor and its operating system can do. */
int nlprnn_instructions(void)
{
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq"))
        return __builtin_cpu_supports("avx512bf16") ? AVX512_BF16 : AVX512;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c") ? AVX2 : NONE;
}

void nlprnn_use_openmp(void *parallel, void *thread_number, void *thread_count)
{
    use_openmp(parallel, thread_number, thread_count);
}

static const struct kernels *kernels_for(int instructions)
{
    static const struct kernels *const all[] = {
        [AVX2] = &kernels_avx2, [AVX512] = &kernels_avx512, [AVX512_BF16] = &kernels_avx512_bf16,
        [AVX2_WIDE] = &kernels_avx2_wide, [AVX512_WIDE] = &kernels_avx512_wide,
    };
    return all[instructions];
}

struct job {
    void (*run)(const struct team *, const void *, void *);
    const void *work;
    void *scratch;
};

static void do_job(void *data, const struct team *team)
{
    struct job *job = data;
    job->run(team, job->work, job->scratch);
}

/* 0, or 1 where memory ran out. */
static int run(void *function, const void *work, int64_t bytes, int threads)
{
    struct job job = {(void (*)(const struct team *, const void *, void *))function, work, 0};
    job.scratch = aligned_alloc(64, (size_t)bytes + 64);
    if (!job.scratch)
        return 1;
    in_parallel(threads, do_job, &job);
    free(job.scratch);
    return 0;
}

int64_t nlprnn_sequence_saved(const struct sequence *work, int instructions)
{
    return kernels_for(instructions)->sequence_saved(work);
}

int nlprnn_sequence(const struct sequence *work, int backward, int instructions, int threads)
{
    const struct kernels *k = kernels_for(instructions);
    return run(backward ? k->sequence_backward : k->sequence_forward, work, k->sequence_scratch(work, backward), threads);
}

int64_t nlprnn_output_saved(const struct cross_entropy *work, int instructions)
{
    return kernels_for(instructions)->output_saved(work);
}

int nlprnn_output(const struct cross_entropy *work, int backward, int instructions, int threads)
{
    const struct kernels *k = kernels_for(instructions);
    return run(backward ? k->output_backward : k->output_forward, work, k->output_scratch(work, backward), threads);
}

int nlprnn_drop(const struct dropping *work, int instructions, int threads)
{
    return run(kernels_for(instructions)->drop, work, 0, threads);
}

int nlprnn_linear(const struct linear *work, int instructions, int threads)
{
    const struct kernels *k = kernels_for(instructions);
    return run(k->linear, work, k->linear_scratch(work), threads);
}

int nlprnn_largest(const struct largest *work, int instructions, int threads)
{
    return run(kernels_for(instructions)->largest, work, 0, threads);
}

int64_t nlprnn_sequence_packed(const struct sequence *work, int instructions)
{
    return kernels_for(instructions)->sequence_packed(work);
}

int64_t nlprnn_step_packed(const struct step *work, int instructions)
{
    return kernels_for(instructions)->step_packed(work);
}

/* Packs the weights of all layers and of the output layer into the memory that the structures name. */
int nlprnn_step_pack(const struct step *work, int instructions, int threads)
{
    const struct kernels *k = kernels_for(instructions);
    for (int64_t l = 0; l < work->layers; l++)
        if (run(k->sequence_pack, &work->sequences[l], 0, threads))
            return 1;
    return run(k->step_pack, work, 0, threads);
}

int nlprnn_step(const struct step *work, int instructions, int threads)
{
    const struct kernels *k = kernels_for(instructions);
    threads = threads < MOST_MEMBERS ? threads : MOST_MEMBERS;
    return run(k->step, work, k->step_scratch(work, threads), threads);
}
