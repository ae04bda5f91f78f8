// Which kernels an x86 machine runs: the widest vectors that it has, or what UNPICK_ISA asks for. See kernels.h.
#include <cstdlib>
#include <string>
#include <vector>

#include "core/backend/kernels.h"
#include "core/base/check.h"

namespace unpick {

namespace {

// Those that the program was built for (CMakeLists.txt) and the machine has.
std::vector<const Kernels*> supported() {
  std::vector<const Kernels*> list;
#ifdef UNPICK_HAS_x86_64_v2
  list.push_back(&kernels_of_sse4());
#endif
  [[maybe_unused]] const bool v3 =
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
#ifdef UNPICK_HAS_x86_64_v3
  if (v3) list.push_back(&kernels_of_avx2());
#endif
#ifdef UNPICK_HAS_x86_64_v4
  const bool v4 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512vl");
  if (v3 && v4) list.push_back(&kernels_of_avx512());
#endif
  return list;
}

const Kernels& choose() {
  const auto list = available_kernels();
  const char* wish = std::getenv("UNPICK_ISA");
  if (wish == nullptr || *wish == 0) return *list.back();
  std::string names;
  for (const Kernels* k : list) {
    if (k->isa == std::string(wish)) return *k;
    names += (names.empty() ? "" : ", ") + std::string(k->isa);
  }
  throw Error(ErrorKind::usage, "UNPICK_ISA=" + std::string(wish), "this machine cannot run that", "choose from " + names);
}

}  // namespace

const Kernels& kernels() {
  static const Kernels& chosen = choose();
  return chosen;
}

std::span<const Kernels* const> available_kernels() {
  static const std::vector<const Kernels*> list = supported();
  return list;
}

}  // namespace unpick
