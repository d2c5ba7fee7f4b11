//===- Faults.h - jumps out of the handler of a fault --------------------===//
#ifndef POPCORN_FAULTS_H
#define POPCORN_FAULTS_H

#include "llvm/IR/Module.h"

namespace popcorn {

/// May the program handle a signal that an instruction of its own raises?
bool handlesFaults(const llvm::Module &M);

/// Makes calls of what may fault, to functions that it shares between equals.
class FaultOutliner {
  llvm::SmallVector<std::pair<llvm::Instruction *, llvm::Function *>> Outlined;

  llvm::Function *outlined(llvm::Instruction &I);

public:
  void run(llvm::BasicBlock &BB);
};

} // namespace popcorn

#endif
