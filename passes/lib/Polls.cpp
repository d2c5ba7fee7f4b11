//===- Polls.cpp - every unbounded execution passes a poll ---------------===//
//
// A poll is a volatile load of a node-private word, a test, and a branch to a
// cold call.  Volatile, so that no pass hoists it out of its loop; an atomic
// load would do too, but x86_64 then does not fold it into the comparison.
//
// Where polls go:
//  - the latches of natural loops whose trip count is not known to be small,
//    unless every iteration calls a function that polls on entry; a counted
//    loop without calls polls between chunks of iterations instead;
//  - one block of each other cycle (irreducible control flow);
//  - the entry of enough functions to cut every cycle of the call graph, where
//    an indirect call may reach every function of its type whose address is
//    taken;
//  - the entry of functions that longjmp, which closes cycles no graph shows.
//
// Functions marked popcorn-nopoll do bounded work and get none.
//
// On exit: a path that passes no poll has a length bounded by the constants
// below and the bounds of nopoll functions.
//
//===----------------------------------------------------------------------===//
#include "StripMine.h"
#include "popcorn/Passes.h"
#include "popcorn/Runtime.h"
#include "llvm/Analysis/CFG.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/Analysis/TargetTransformInfo.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

using namespace llvm;

namespace popcorn {

namespace {

// A loop of at most this many iterations (loops inside it included) is run
// to its end without a poll.
constexpr uint64_t BoundedTrips = 4096;

void insertPoll(Instruction *Before, Runtime &RT) {
  LLVMContext &C = Before->getContext();
  IRBuilder<> B(Before);
  LoadInst *Flag = B.CreateAlignedLoad(B.getInt32Ty(), RT.pollFlag(), Align(4));
  Flag->setVolatile(true);
  Value *Set = B.CreateICmpNE(Flag, B.getInt32(0));
  Instruction *Then =
      SplitBlockAndInsertIfThen(Set, Before, /*Unreachable=*/false,
                                MDBuilder(C).createBranchWeights(1, 1u << 20));
  IRBuilder<> P(Then);
  CallInst *Call = P.CreateCall(RT.poll());
  Call->addFnAttr(Attribute::NoInline);
  // A call in a function with debug info wants a location.
  if (!Call->getDebugLoc() && Before->getFunction()->getSubprogram())
    Call->setDebugLoc(
        DILocation::get(C, 0, 0, Before->getFunction()->getSubprogram()));
}

// Trips through L if its latch counts one by one, without wrapping, up to a
// small number: j in for (j = i + 1; j < 5; j++), whose test is j != 5 by now.
// Without the proof that nuw is, -1 rounds down to 0 would be "for ever".
uint64_t tripsUpTo(const Loop &L, ScalarEvolution &SE) {
  BasicBlock *Latch = L.getLoopLatch();
  auto *Branch = Latch ? dyn_cast<BranchInst>(Latch->getTerminator()) : nullptr;
  auto *Test = Branch && Branch->isConditional()
                   ? dyn_cast<ICmpInst>(Branch->getCondition())
                   : nullptr;
  if (!Test || !Test->isEquality() ||
      !Test->getOperand(0)->getType()->isIntegerTy())
    return 0;
  bool OnEqual = Test->getPredicate() == ICmpInst::ICMP_EQ;
  if (L.contains(Branch->getSuccessor(OnEqual ? 0 : 1)))
    return 0;
  auto *Count = dyn_cast<SCEVAddRecExpr>(SE.getSCEV(Test->getOperand(0)));
  const SCEV *End = SE.getSCEV(Test->getOperand(1));
  if (!Count || Count->getLoop() != &L || !Count->isAffine() ||
      !Count->hasNoUnsignedWrap() || !Count->getStepRecurrence(SE)->isOne() ||
      !SE.isLoopInvariant(End, &L))
    return 0;
  APInt First = SE.getUnsignedRangeMin(Count->getStart());
  APInt Last = SE.getUnsignedRangeMax(End);
  return Last.uge(First) && (Last - First).ult(BoundedTrips)
             ? (Last - First).getZExtValue() + 1
             : 0;
}

// Trips through L alone, or 0 if not known to be small.  Where no constant
// bounds them the range of their number may.
uint64_t ownTrips(const Loop &L, ScalarEvolution &SE) {
  if (unsigned Max = SE.getSmallConstantMaxTripCount(&L))
    return Max;
  const SCEV *Count = SE.getBackedgeTakenCount(&L);
  if (!isa<SCEVCouldNotCompute>(Count) && Count->getType()->isIntegerTy()) {
    APInt Max = SE.getUnsignedRangeMax(Count);
    if (Max.ult(BoundedTrips))
      return Max.getZExtValue() + 1;
  }
  return tripsUpTo(L, SE);
}

// Trips through L and all loops inside it, or 0 if not known to be small.
uint64_t boundedTrips(const Loop &L, ScalarEvolution &SE) {
  uint64_t Own = ownTrips(L, SE);
  if (!Own || Own > BoundedTrips)
    return 0;
  uint64_t Inner = 1;
  for (const Loop *Sub : L) {
    uint64_t N = boundedTrips(*Sub, SE);
    if (!N)
      return 0;
    Inner += N;
  }
  uint64_t All = Own * Inner;
  return All > BoundedTrips ? 0 : All;
}

using FunctionSet = SmallPtrSetImpl<const Function *>;

// Every way to Latch from L's header passes a call that polls on entry.
bool pollsInCallee(const Loop &L, const BasicBlock *Latch,
                   const DominatorTree &DT, const FunctionSet &PollOnEntry) {
  for (const BasicBlock *BB : L.blocks())
    if (DT.dominates(BB, Latch))
      for (const Instruction &I : *BB)
        if (auto *Call = dyn_cast<CallInst>(&I))
          if (const Function *Callee = Call->getCalledFunction())
            if (PollOnEntry.contains(Callee))
              return true;
  return false;
}

struct LoopPolls {
  SmallSetVector<BasicBlock *, 16> Latches;
  SmallVector<std::pair<Loop *, Value *>, 8> Counted; // with their counts

  void collect(Loop &L, ScalarEvolution &SE, const DominatorTree &DT,
               const TargetTransformInfo &TTI, const FunctionSet &PollOnEntry) {
    for (Loop *Sub : L)
      collect(*Sub, SE, DT, TTI, PollOnEntry);
    if (boundedTrips(L, SE))
      return;
    if (Value *Count = stripMineCount(L, SE, TTI)) {
      Counted.push_back({&L, Count});
      return;
    }
    SmallVector<BasicBlock *, 4> All;
    L.getLoopLatches(All);
    for (BasicBlock *Latch : All)
      if (!pollsInCallee(L, Latch, DT, PollOnEntry))
        Latches.insert(Latch);
  }
};

// Cycles that neither hold a block in Polled nor are bounded natural loops.
// Their headers are found by a depth-first walk's back edges.
void collectIrreducible(Function &F, const LoopInfo &LI,
                        SmallSetVector<BasicBlock *, 16> &Polled) {
  SmallVector<std::pair<const BasicBlock *, const BasicBlock *>, 16> Edges;
  FindFunctionBackedges(F, Edges);
  for (auto &[From, To] : Edges) {
    const Loop *L = LI.getLoopFor(To);
    bool Natural = L && L->getHeader() == To && L->contains(From);
    if (!Natural)
      Polled.insert(const_cast<BasicBlock *>(From));
  }
}

bool wantsPolls(const Function &F) {
  return !F.isDeclaration() && !F.hasFnAttribute(NoPollAttr);
}

void pollLoops(Function &F, FunctionAnalysisManager &FAM, Runtime &RT,
               const FunctionSet &PollOnEntry) {
  auto &LI = FAM.getResult<LoopAnalysis>(F);
  auto &SE = FAM.getResult<ScalarEvolutionAnalysis>(F);
  auto &DT = FAM.getResult<DominatorTreeAnalysis>(F);
  auto &TTI = FAM.getResult<TargetIRAnalysis>(F);
  LoopPolls Polls;
  for (Loop *L : LI)
    Polls.collect(*L, SE, DT, TTI, PollOnEntry);
  collectIrreducible(F, LI, Polls.Latches);
  for (BasicBlock *BB : Polls.Latches)
    // At its start: what the block computes does not live across the poll.
    insertPoll(&*BB->getFirstInsertionPt(), RT);
  for (auto &[L, Count] : Polls.Counted)
    insertPoll(stripMine(*L, Count, BoundedTrips), RT);
}

// The call graph with a hub for all indirect calls of one type, which may
// reach every function of that type whose address is taken.  (A call through a
// pointer of another type could close a cycle this does not see; recursion is
// then bounded by the stack.)  Nodes are numbered functions, then hubs.
struct CallGraphCut {
  std::vector<Function *> Functions;
  DenseMap<const Function *, unsigned> Number;
  DenseMap<const FunctionType *, unsigned> Hubs;
  std::vector<std::vector<unsigned>> Callees;

  bool isHub(unsigned V) const { return V >= Functions.size(); }

  unsigned hub(const FunctionType *T) {
    auto [It, New] = Hubs.try_emplace(T, Callees.size());
    if (New)
      Callees.emplace_back();
    return It->second;
  }

  explicit CallGraphCut(Module &M) {
    for (Function &F : M)
      if (!F.isDeclaration()) {
        Number[&F] = Functions.size();
        Functions.push_back(&F);
      }
    Callees.resize(Functions.size());
    for (Function *F : Functions) {
      std::vector<unsigned> Out;
      for (BasicBlock &BB : *F)
        for (Instruction &I : BB) {
          auto *CB = dyn_cast<CallBase>(&I);
          if (!CB || CB->isInlineAsm())
            continue;
          auto *Callee =
              dyn_cast<Function>(CB->getCalledOperand()->stripPointerCasts());
          if (!Callee)
            Out.push_back(hub(CB->getFunctionType()));
          else if (auto It = Number.find(Callee); It != Number.end())
            Out.push_back(It->second);
        }
      llvm::sort(Out);
      Out.erase(std::unique(Out.begin(), Out.end()), Out.end());
      Callees[Number[F]] = std::move(Out);
      if (F->hasAddressTaken()) {
        unsigned Hub = hub(F->getFunctionType());
        Callees[Hub].push_back(Number[F]);
      }
    }
  }

  // Does a way lead from V back to V, past nodes not in Cut?
  bool onCycle(unsigned V, const BitVector &Cut) const {
    BitVector Seen(Callees.size());
    SmallVector<unsigned, 64> Work{V};
    while (!Work.empty())
      for (unsigned W : Callees[Work.pop_back_val()]) {
        if (W == V)
          return true;
        if (!Cut[W] && !Seen[W]) {
          Seen.set(W);
          Work.push_back(W);
        }
      }
    return false;
  }

  // Strongly connected components with a cycle, among nodes not in Cut.
  std::vector<std::vector<unsigned>> cycles(const BitVector &Cut) const {
    std::vector<std::vector<unsigned>> Found;
    unsigned N = Callees.size(), Next = 1;
    std::vector<unsigned> Index(N), Low(N), Pos(N);
    BitVector OnStack(N);
    std::vector<unsigned> Stack, Work;
    for (unsigned Root = 0; Root < N; ++Root) {
      if (Index[Root] || Cut[Root])
        continue;
      Work.push_back(Root);
      while (!Work.empty()) {
        unsigned V = Work.back();
        if (!Index[V]) {
          Index[V] = Low[V] = Next++;
          Stack.push_back(V);
          OnStack.set(V);
        }
        bool Down = false;
        while (Pos[V] < Callees[V].size()) {
          unsigned W = Callees[V][Pos[V]++];
          if (Cut[W])
            continue;
          if (!Index[W]) {
            Work.push_back(W);
            Down = true;
            break;
          }
          if (OnStack[W])
            Low[V] = std::min(Low[V], Index[W]);
        }
        if (Down)
          continue;
        Work.pop_back();
        if (!Work.empty())
          Low[Work.back()] = std::min(Low[Work.back()], Low[V]);
        if (Low[V] != Index[V])
          continue;
        std::vector<unsigned> SCC;
        unsigned W;
        do {
          W = Stack.back();
          Stack.pop_back();
          OnStack.reset(W);
          SCC.push_back(W);
        } while (W != V);
        if (SCC.size() > 1 || is_contained(Callees[V], V))
          Found.push_back(std::move(SCC));
      }
    }
    return Found;
  }
};

void addJumpers(Module &M, SmallVectorImpl<Function *> &Entries) {
  if (Function *Jump = M.getFunction("__popcorn_longjmp"))
    for (User *U : Jump->users())
      if (auto *CB = dyn_cast<CallBase>(U))
        if (!is_contained(Entries, CB->getFunction()))
          Entries.push_back(CB->getFunction());
}

// What a poll on entry costs less of: a large function called from few places
// does much between two of them, one that never returns is an error's way out.
double worth(const Function &F) {
  double Sites = 1;
  for (const User *U : F.users())
    Sites += isa<CallBase>(U);
  return F.getInstructionCount() / Sites * (F.doesNotReturn() ? 1000 : 1);
}

// A feedback vertex set, small and cheap.  Greedily, of each component the
// function with most edges inside it and most worth, again until no cycle is
// left; then those go again, cheapest to miss first, that cut no cycle which
// another one does not.  Functions that get no poll cut nothing: they are taken
// only where a cycle consists of such.
SmallVector<Function *, 16> recursionCuts(Module &M) {
  CallGraphCut G(M);
  std::vector<double> Worth;
  for (const Function *F : G.Functions)
    Worth.push_back(worth(*F));
  BitVector Cut(G.Callees.size());
  SmallVector<std::pair<double, unsigned>, 32> Chosen; // worth, node
  for (;;) {
    auto SCCs = G.cycles(Cut);
    if (SCCs.empty())
      break;
    for (auto &SCC : SCCs) {
      BitVector In(G.Callees.size());
      for (unsigned V : SCC)
        In.set(V);
      DenseMap<unsigned, std::pair<unsigned, unsigned>> Degree;
      for (unsigned V : SCC)
        for (unsigned W : G.Callees[V])
          if (In[W] && !Cut[W]) {
            ++Degree[V].first;
            ++Degree[W].second;
          }
      unsigned Best = ~0u;
      std::pair<bool, double> BestScore;
      for (unsigned V : SCC) {
        if (G.isHub(V))
          continue;
        auto D = Degree.lookup(V);
        std::pair<bool, double> Score = {wantsPolls(*G.Functions[V]),
                                         double(D.first) * D.second * Worth[V]};
        if (Best == ~0u || Score > BestScore ||
            (Score == BestScore && V < Best)) {
          Best = V;
          BestScore = Score;
        }
      }
      Cut.set(Best);
      Chosen.push_back({Worth[Best], Best});
    }
  }
  llvm::sort(Chosen);
  SmallVector<Function *, 16> Result;
  for (auto [Unused, V] : Chosen) {
    if (wantsPolls(*G.Functions[V]) && !G.onCycle(V, Cut))
      Cut.reset(V);
    else
      Result.push_back(G.Functions[V]);
  }
  return Result;
}

} // namespace

PreservedAnalyses PollsPass::run(Module &M, ModuleAnalysisManager &MAM) {
  auto &FAM = MAM.getResult<FunctionAnalysisManagerModuleProxy>(M).getManager();
  Runtime RT(M);
  SmallVector<Function *, 16> Cuts = recursionCuts(M);
  addJumpers(M, Cuts);
  SmallPtrSet<const Function *, 32> PollOnEntry;
  for (const Function *F : Cuts)
    if (wantsPolls(*F))
      PollOnEntry.insert(F);
  for (Function &F : M)
    if (wantsPolls(F))
      pollLoops(F, FAM, RT, PollOnEntry);
  for (Function *F : Cuts)
    if (wantsPolls(*F)) {
      BasicBlock &Entry = F->getEntryBlock();
      insertPoll(&*Entry.getFirstNonPHIOrDbgOrAlloca(), RT);
    }
  return PreservedAnalyses::none();
}

} // namespace popcorn
