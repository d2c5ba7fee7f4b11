//===- StripMine.h - counted loops poll once per chunk --------------------===//
#ifndef POPCORN_STRIPMINE_H
#define POPCORN_STRIPMINE_H

#include <cstdint>

namespace llvm {
class Instruction;
class Loop;
class ScalarEvolution;
class TargetTransformInfo;
class Value;
} // namespace llvm

namespace popcorn {

/// If L can be strip-mined: the number of back edges it takes, an i64 computed
/// in its preheader; else null.  Call it for all loops before changing any.
llvm::Value *stripMineCount(llvm::Loop &L, llvm::ScalarEvolution &SE,
                            const llvm::TargetTransformInfo &TTI);

/// Strip-mines L; the result is the branch between chunks, where a poll goes.
/// Invalidates all loop analyses.
llvm::Instruction *stripMine(llvm::Loop &L, llvm::Value *Count, uint64_t Chunk);

} // namespace popcorn

#endif
