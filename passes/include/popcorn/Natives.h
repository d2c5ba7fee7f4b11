//===- Natives.h - functions written in assembler, per ISA ---------------===//
#ifndef POPCORN_NATIVES_H
#define POPCORN_NATIVES_H

#include "llvm/ADT/StringRef.h"
#include "llvm/IR/Module.h"

namespace popcorn {

/// Defines each function with "popcorn-native" by its text for \p ISA.  Part
/// of retargeting: no pass may look at such a function before.
void defineNatives(llvm::Module &M, llvm::StringRef ISA);

} // namespace popcorn

#endif
