// One SHA-256 block of several messages at once (FIPS 180-4, 6.2.2). Included once per instruction
// set, with these macros: HF_LANES, HF_TARGET (function attribute), HF_V (vector of HF_LANES
// words), HF_ADD, HF_ROR, HF_SHR, HF_XOR3, HF_CH, HF_MAJ, HF_SET (all lanes alike), HF_LOAD. No
// include guard on purpose.

// state[i][lane]; blocks[lane] are 64 readable bytes each.
HF_TARGET inline void CompressLanes(uint32_t (*state)[HF_LANES], const uint8_t* const* blocks) {
  // words[t][lane], turned from big-endian.
  alignas(64) uint32_t words[16][HF_LANES];
  for (int lane = 0; lane < HF_LANES; ++lane) {
    const uint8_t* block = blocks[lane];
    for (int t = 0; t < 16; ++t) {
      uint32_t word;
      __builtin_memcpy(&word, block + 4 * t, 4);
      words[t][lane] = __builtin_bswap32(word);
    }
  }
  HF_V w[16];
  for (int t = 0; t < 16; ++t) w[t] = HF_LOAD(words[t]);
  HF_V a = HF_LOAD(state[0]), b = HF_LOAD(state[1]), c = HF_LOAD(state[2]), d = HF_LOAD(state[3]);
  HF_V e = HF_LOAD(state[4]), f = HF_LOAD(state[5]), g = HF_LOAD(state[6]), h = HF_LOAD(state[7]);

  auto round = [&](int k, HF_V word) HF_TARGET {
    HF_V sum1 = HF_XOR3(HF_ROR(e, 6), HF_ROR(e, 11), HF_ROR(e, 25));
    HF_V t1 = HF_ADD(HF_ADD(HF_ADD(h, sum1), HF_CH(e, f, g)), HF_ADD(HF_SET(kRound[k]), word));
    HF_V sum0 = HF_XOR3(HF_ROR(a, 2), HF_ROR(a, 13), HF_ROR(a, 22));
    HF_V t2 = HF_ADD(sum0, HF_MAJ(a, b, c));
    h = g;
    g = f;
    f = e;
    e = HF_ADD(d, t1);
    d = c;
    c = b;
    b = a;
    a = HF_ADD(t1, t2);
  };
#pragma GCC unroll 16
  for (int t = 0; t < 16; ++t) round(t, w[t]);
  for (int base = 16; base < 64; base += 16) {
#pragma GCC unroll 16
    for (int t = 0; t < 16; ++t) {
      HF_V early = w[(t + 1) & 15], late = w[(t + 14) & 15];
      HF_V s0 = HF_XOR3(HF_ROR(early, 7), HF_ROR(early, 18), HF_SHR(early, 3));
      HF_V s1 = HF_XOR3(HF_ROR(late, 17), HF_ROR(late, 19), HF_SHR(late, 10));
      w[t] = HF_ADD(HF_ADD(w[t], s0), HF_ADD(w[(t + 9) & 15], s1));
      round(base + t, w[t]);
    }
  }
  HF_V out[8] = {a, b, c, d, e, f, g, h};
  for (int i = 0; i < 8; ++i) {
    HF_V sum = HF_ADD(out[i], HF_LOAD(state[i]));
    __builtin_memcpy(state[i], &sum, sizeof sum);
  }
}
