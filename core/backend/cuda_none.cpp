// Linked where CUDA is not built: there is no device, and the session says so and uses the CPU. See backend.h.
#include "core/backend/backend.h"

namespace unpick {

std::unique_ptr<Backend> make_cuda_backend() { return nullptr; }

}  // namespace unpick
