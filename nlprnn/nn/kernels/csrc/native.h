/* What the library offers to Python: arguments of whole sequences and of the output layer, and a table of functions for
   each instruction set. All matrices are row-major; numbers are float32 unless said. */
#ifndef NLPRNN_NATIVE_H
#define NLPRNN_NATIVE_H

#include <stdint.h>

#include "team.h"

enum cell { LSTM, GRU, TANH, RELU };

/* One recurrent layer in one direction over N rows: step t has the rows starts[t] to starts[t + 1], of which row b is the
   sequence b, the longest first. */
struct sequence {
    int64_t cell, steps, rows, batch, inputs, hidden, backwards, training;
    const int64_t *starts;                                           /* (steps + 1) */
    const float *x;                                                  /* (N, I) */
    const float *w_ih, *w_hh, *b_ih, *b_hh;                          /* (G H, I), (G H, H), (G H), (G H) */
    const float *h0, *c0;                                            /* (B, H); c0 of an LSTM only, here and below */
    float *out, *h_last, *c_last;                                    /* (N, H), (B, H), (B, H) */
    void *saved;                                                     /* for the backward pass; null out of training */
    void *packed;                                                    /* weights packed once for many calls, or null */
    const float *d_out, *d_h_last, *d_c_last;                        /* gradients that come in */
    float *d_x, *d_w_ih, *d_w_hh, *d_b_ih, *d_b_hh, *d_h0, *d_c0;    /* and that go out; d_x may be null */
};

/* Output layer and cross entropy of N rows over V types. */
struct cross_entropy {
    int64_t rows, columns, types;    /* N, H, V */
    const float *x, *w, *bias;       /* (N, H), (V, H), (V) */
    const int64_t *targets;          /* (N) */
    double smoothing;                /* the share of the probability that is spread over all types */
    const float *w_mean;             /* (H + 1): the mean row of w and the mean bias; null without smoothing */
    const float *subset;             /* (V): 1 for the types of a subset, 0 for others; null for none */
    float *loss, *nll, *subset_nll;  /* (N): (1 - s) nll + s mean(-log p); -log p(target); -log p(subset) */
    void *exponentials;              /* for the backward pass; null: forward only */
    float *scale;                    /* (N): exponentials times scale are probabilities */
    float *d_x;                      /* (N, H): d loss / d x, made in the forward pass with the exponentials */
    const float *d_loss;             /* (N): the gradient that comes in */
    float *d_w, *d_bias;             /* (V, H), (V): those that go out */
};

/* Dropout of single numbers, each dropped with probability p. */
struct dropping {
    int64_t count, seed;
    double p;
    const float *x;
    float *out;
};

/* x W^T. */
struct linear {
    int64_t rows, inputs, outputs;
    const float *x, *w; /* (rows, inputs), (outputs, inputs) */
    float *out;         /* (rows, outputs) */
};

/* The k largest numbers of each row, largest first, and their places; of equal ones those that stand first. */
struct largest {
    int64_t rows, columns, k; /* k: at least 1, at most `columns` */
    const float *x;           /* (rows, columns) */
    float *values;            /* (rows, k) */
    int64_t *places;          /* (rows, k) */
};

/* One token of B sequences through all layers: embedding, layers, perhaps attention between two of them and a projection
   after them, log-probabilities. What was attended to is read by the layer above it, and by the projection. */
struct step {
    int64_t layers, batch, types, inputs, columns; /* rows of the output layer have `columns` numbers */
    const struct sequence *sequences;              /* (layers), of one step each, with packed weights */
    const float *embedding;                        /* (V, I) */
    const float *w, *bias;                         /* (V, columns), (V) */
    const float *projection;                       /* (columns, H), or (columns, H + K) with attention; or null */
    const int64_t *ids;                            /* (B) */
    float *x;                                      /* (B, I): what the first sequence reads */
    float *log_probs;                              /* (B, V) */
    void *packed;                                  /* the output layer's weights, and the projection's */
    int64_t squash;                                /* whether what was projected goes through tanh */
    int64_t below, sources, positions, values_size; /* layers below the attention; S, P, K */
    const float *keys, *values;                    /* (S, P, H of the layer below), (S, P, K); null without attention */
    const int64_t *lengths;                        /* (S): the positions that are there */
    float *weights, *context;                      /* (B, P), (B, K): row b attends to source b / (B / S) */
    float *joined;                                 /* (B, H + K): what the projection reads */
};

/* One pass over `work`, a struct of above, with scratch memory of as many bytes as `scratch` says. */
struct kernels {
    int64_t (*sequence_saved)(const struct sequence *);
    int64_t (*sequence_scratch)(const struct sequence *, int backward);
    void (*sequence_forward)(const struct team *, const struct sequence *work, void *scratch);
    void (*sequence_backward)(const struct team *, const struct sequence *work, void *scratch);
    int64_t (*output_saved)(const struct cross_entropy *);
    int64_t (*output_scratch)(const struct cross_entropy *, int backward);
    void (*output_forward)(const struct team *, const struct cross_entropy *work, void *scratch);
    void (*output_backward)(const struct team *, const struct cross_entropy *work, void *scratch);
    int64_t (*sequence_packed)(const struct sequence *);
    void (*sequence_pack)(const struct team *, const struct sequence *work, void *scratch);
    int64_t (*step_packed)(const struct step *);
    void (*step_pack)(const struct team *, const struct step *work, void *scratch);
    int64_t (*step_scratch)(const struct step *, int threads);
    void (*step)(const struct team *, const struct step *work, void *scratch);
    void (*drop)(const struct team *, const struct dropping *work, void *scratch);
    int64_t (*linear_scratch)(const struct linear *);
    void (*linear)(const struct team *, const struct linear *work, void *scratch);
    void (*largest)(const struct team *, const struct largest *work, void *scratch);
};

extern const struct kernels kernels_avx512_bf16, kernels_avx512, kernels_avx2, kernels_avx512_wide, kernels_avx2_wide;

#endif
