// Processors without the switch, WebAssembly among them: denormals are slow there, never wrong. See denormals.h.
#include "core/base/denormals.h"

namespace unpick {

FlushDenormals::FlushDenormals() : before_(0) {}
FlushDenormals::~FlushDenormals() = default;

}  // namespace unpick
