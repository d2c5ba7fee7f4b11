//===- LiveSets.h - what lives across the sites of a function ------------===//
//
// A *slot* is a value with a place in the function's record; a *derived* value
// is cheap to compute again from slots that live wherever it does, and has
// none.
//
//===----------------------------------------------------------------------===//
#ifndef POPCORN_LIVESETS_H
#define POPCORN_LIVESETS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <vector>

namespace llvm {
class BasicBlock;
class Function;
class Instruction;
class InvokeInst;
class Value;
} // namespace llvm

namespace popcorn {

class LiveSets {
public:
  /// Sites are invokes that end their blocks; their numbers are their places.
  /// Without Derive whatever lives across one is a slot.
  LiveSets(llvm::Function &F, llvm::ArrayRef<llvm::InvokeInst *> Sites,
           bool Derive);

  /// In the function's order.
  llvm::ArrayRef<llvm::Value *> slots() const { return Slots; }
  bool livesAcross(llvm::Value *Slot, unsigned Site) const {
    return Across.find(Slot)->second.test(Site);
  }
  /// In no order.
  void
  forEachDerived(llvm::function_ref<void(llvm::Instruction *)> Visit) const;

private:
  static constexpr unsigned NoSite = ~0u;
  struct Block {
    llvm::SmallVector<unsigned, 4> Predecessors;
    unsigned Site = NoSite;           // the one at its end
    unsigned SeenIn = 0, SeenOut = 0; // by which walk, the last time
  };
  std::vector<Block> Blocks;
  llvm::DenseMap<const llvm::BasicBlock *, unsigned> Number; // in Blocks
  unsigned Walks = 0;
  llvm::DenseMap<llvm::Value *, llvm::BitVector> Across; // sites
  llvm::DenseMap<llvm::Value *, llvm::Value *> Root; // of a derived value: a
                                                     // slot, or null
  llvm::DenseMap<llvm::Value *, unsigned> Depth;
  llvm::SmallVector<llvm::Value *, 32> Slots;

  void numberBlocks(llvm::Function &F,
                    llvm::ArrayRef<llvm::InvokeInst *> Sites);
  void walk(llvm::Value *V, llvm::ArrayRef<llvm::InvokeInst *> Sites);
  bool covers(llvm::Value *Slot, const llvm::BitVector &Wanted) const;
  void derive(llvm::Value *V);
};

} // namespace popcorn

#endif
