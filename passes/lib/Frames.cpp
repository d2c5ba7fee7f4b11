//===- Frames.cpp - capturing pads and resume functions ------------------===//
//
// For each function F that may migrate this pass
//  - makes every site an invoke with a landing pad of its own, which stores
//    the site's live values in a frame record and goes on unwinding;
//  - makes F.resume(record), which continues behind the site the record names.
//    There the values that live across any site stay in the record, as in a
//    coroutine frame: its own pads have nothing to store.
//
// A site's call is the last instruction of its block.  What a record has a slot
// for, LiveSets finds.
//
// A call in tail position needs neither pad nor record: F's frame adds nothing
// to what its caller gets, so it may vanish (a *transparent* frame).
//
// On exit: every site has a pad with one predecessor edge; the table
// __popcorn_functions names the resume functions by function number.
//
//===----------------------------------------------------------------------===//
#include "LiveSets.h"
#include "pcn/abi.h"
#include "popcorn/Passes.h"
#include "popcorn/Runtime.h"
#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/xxhash.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm/Transforms/Utils/Local.h"

using namespace llvm;

namespace popcorn {

namespace {

constexpr uint64_t MaxReturnBytes = 16; // __popcorn_resume_inner passes these

struct Site {
  InvokeInst *Call;
  bool IsPoll;      // resumed by going on, there is no inner frame
  bool HasDispatch; // the pad also serves longjmp (SetJmpPass)
};

bool isPoll(const CallBase &CB) {
  const Function *Callee = CB.getCalledFunction();
  return Callee && Callee->getName() == Runtime::PollName;
}

// The frame of a tail call that only the return follows is transparent.
bool isTransparent(const CallBase &CB) {
  auto *Call = dyn_cast<CallInst>(&CB);
  if (!Call || isPoll(CB))
    return false;
  if (Call->isMustTailCall())
    return true;
  if (!Call->isTailCall())
    return false;
  auto *Ret = dyn_cast_or_null<ReturnInst>(Call->getNextNonDebugInstruction());
  if (!Ret)
    return false;
  if (Ret->getNumOperands() == 0)
    return true; // what its callee returns is dropped in registers
  // What the frame would still do: extend a value its callee returned narrow.
  const Function &F = *Call->getFunction();
  for (Attribute::AttrKind Extension : {Attribute::ZExt, Attribute::SExt})
    if (F.hasRetAttribute(Extension) && !Call->hasRetAttr(Extension))
      return false;
  return Ret->getReturnValue() == Call;
}

//===----------------------------------------------------------------------===//
// One function
//===----------------------------------------------------------------------===//

class FrameBuilder {
  Function &F;
  const unsigned Id;
  Runtime &RT;
  const DataLayout &DL;
  LLVMContext &C;
  Type *I8, *I32, *Ptr, *PadTy;
  SmallVector<Site, 16> Sites;
  DenseMap<Value *, uint64_t> Offset;
  uint64_t RecordSize = PCN_RECORD_VALUES;
  std::string Description; // what the layout hash covers

  LandingPadInst *makePad(BasicBlock *BB) {
    IRBuilder<> B(BB);
    LandingPadInst *LP = B.CreateLandingPad(PadTy, 0);
    LP->setCleanup(true);
    return LP;
  }

  // Sites become the last instruction of their block, with a pad that holds
  // nothing yet and a continuation only they lead to.
  void collectSites() {
    SmallVector<CallBase *, 16> Calls;
    for (Instruction &I : instructions(F))
      if (auto *CB = dyn_cast<CallBase>(&I))
        if (CB->hasFnAttr(MayMigrateAttr) && !isTransparent(*CB))
          Calls.push_back(CB);
    for (CallBase *CB : Calls) {
      bool Poll = isPoll(*CB);
      if (auto *Call = dyn_cast<CallInst>(CB)) {
        BasicBlock *Pad = BasicBlock::Create(C, "capture", &F);
        makePad(Pad);
        new UnreachableInst(C, Pad); // until fillPads
        BasicBlock *BB = Call->getParent();
        // Registers survive a poll and a capture of it.  (A longjmp's walk
        // knows nothing of that, so not where the pad dispatches.)
        if (Poll)
          Call->setCallingConv(CallingConv::PreserveMost);
        changeToInvokeAndSplitBasicBlock(Call, Pad);
        Sites.push_back({cast<InvokeInst>(BB->getTerminator()), Poll, false});
      } else {
        auto *II = cast<InvokeInst>(CB);
        if (!II->getNormalDest()->getSinglePredecessor())
          SplitEdge(II->getParent(), II->getNormalDest());
        Sites.push_back({II, Poll, true});
      }
    }
    for (Site &S : Sites)
      FoldSingleEntryPHINodes(S.Call->getNormalDest());
  }

  SmallVector<InvokeInst *, 16> calls() const {
    SmallVector<InvokeInst *, 16> Calls;
    for (const Site &S : Sites)
      Calls.push_back(S.Call);
    return Calls;
  }

  void layOut(const LiveSets &Live) {
    SmallVector<Value *, 32> Order(Live.slots());
    stable_sort(Order, [&](Value *A, Value *B) {
      return DL.getABITypeAlign(A->getType()) >
             DL.getABITypeAlign(B->getType());
    });
    raw_string_ostream OS(Description);
    for (Value *V : Order) {
      Align A = std::min(DL.getABITypeAlign(V->getType()), Align(16));
      RecordSize = alignTo(RecordSize, A);
      Offset[V] = RecordSize;
      OS << RecordSize << ':' << *V->getType() << ' ';
      RecordSize += DL.getTypeStoreSize(V->getType()).getFixedValue();
    }
    RecordSize = alignTo(RecordSize, 16);
    OS << RecordSize << ' ' << Sites.size();
  }

  Value *slotAddress(IRBuilder<> &B, Value *Record, uint64_t Off) {
    return B.CreateInBoundsGEP(I8, Record, B.getInt64(Off));
  }
  static Align slotAlign(uint64_t Off) {
    return commonAlignment(Align(16), Off);
  }

  // The block where a pad's capturing code goes.  A dispatching pad first asks
  // which of its two tasks it is here for.
  BasicBlock *openPad(const Site &S, BasicBlock *Body) {
    if (!S.HasDispatch) {
      Body->getTerminator()->eraseFromParent();
      return Body;
    }
    BasicBlock *Rest = SplitBlock(Body, &*Body->getFirstInsertionPt());
    Rest->setName("dispatch");
    BasicBlock *Capture = BasicBlock::Create(C, "capture", Body->getParent());
    Body->getTerminator()->eraseFromParent();
    IRBuilder<> B(Body);
    Value *Yes = B.CreateICmpNE(B.CreateCall(RT.capturing()), B.getInt32(0));
    B.CreateCondBr(Yes, Capture, Rest);
    return Capture;
  }

  void fillPads(const LiveSets &Live) {
    BasicBlock *Tail = BasicBlock::Create(C, "unwind", &F);
    IRBuilder<> T(Tail);
    T.CreateCall(RT.goOn());
    T.CreateUnreachable();
    for (unsigned K = 0; K < Sites.size(); ++K) {
      BasicBlock *Pad = Sites[K].Call->getUnwindDest();
      BasicBlock *Body = openPad(Sites[K], Pad);
      IRBuilder<> B(Body);
      Value *Record =
          B.CreateCall(RT.capture(), {B.getInt32(Id), B.getInt32(K)});
      for (Value *V : Live.slots())
        if (Live.livesAcross(V, K))
          B.CreateAlignedStore(V, slotAddress(B, Record, Offset[V]),
                               slotAlign(Offset[V]));
      B.CreateBr(Tail);
    }
  }

  Function *makeResume(const LiveSets &Live) {
    auto *FT = FunctionType::get(F.getReturnType(), {Ptr}, false);
    Function *R = Function::Create(FT, GlobalValue::InternalLinkage,
                                   F.getName() + ".resume", F.getParent());
    Argument *Record = R->getArg(0);
    Record->setName("record");

    ValueToValueMapTy VMap;
    SmallVector<std::pair<Value *, Value *>, 8> ArgumentStandIns;
    for (Argument &A : F.args())
      VMap[&A] = PoisonValue::get(A.getType());
    // Arguments that live across sites are read from the record; they have no
    // definition here, so a stand-in carries their uses until then.
    BasicBlock *Entry = BasicBlock::Create(C, "resume", R);
    IRBuilder<> E(Entry);
    for (Argument &A : F.args())
      if (Offset.count(&A)) {
        Value *StandIn = E.CreateFreeze(PoisonValue::get(A.getType()));
        VMap[&A] = StandIn;
        ArgumentStandIns.push_back({&A, StandIn});
      }
    SmallVector<ReturnInst *, 8> Returns;
    CloneFunctionInto(R, &F, VMap, CloneFunctionChangeType::LocalChangesOnly,
                      Returns);
    setAttributes(*R);
    // R's type is not its callees', so none of its tail calls can be promised.
    for (Instruction &I : instructions(*R))
      if (auto *Call = dyn_cast<CallInst>(&I); Call && Call->isMustTailCall())
        Call->setTailCallKind(CallInst::TCK_Tail);

    // Allocas that stayed go where they are allocated once.
    BasicBlock *Old = cast<BasicBlock>(VMap[&F.getEntryBlock()]);
    for (Instruction &I : make_early_inc_range(*Old))
      if (auto *A = dyn_cast<AllocaInst>(&I))
        A->moveBefore(*Entry, Entry->end());

    E.SetInsertPoint(Entry);
    Value *SiteNumber = E.CreateLoad(
        I32, slotAddress(E, Record, offsetof(pcn_record, site)), "site");
    BasicBlock *Nowhere = BasicBlock::Create(C, "corrupt", R);
    IRBuilder<> N(Nowhere);
    N.CreateIntrinsic(Intrinsic::trap, {}, {});
    N.CreateUnreachable();
    SwitchInst *Dispatch = E.CreateSwitch(SiteNumber, Nowhere, Sites.size());

    BasicBlock *Tail = BasicBlock::Create(C, "unwind", R);
    IRBuilder<> T(Tail);
    PHINode *Which = T.CreatePHI(I32, Sites.size());
    T.CreateCall(RT.recapture(), {Record, Which});
    T.CreateCall(RT.goOn());
    T.CreateUnreachable();

    for (unsigned K = 0; K < Sites.size(); ++K)
      resumeSite(K, *R, VMap, Record, Dispatch, Which);

    // Definitions into the record, uses out of it.
    for (Value *V : Live.slots())
      demote(V, VMap[V], Record, *R);
    for (auto &[A, StandIn] : ArgumentStandIns)
      cast<Instruction>(StandIn)->eraseFromParent();

    for (BasicBlock &BB : *R)
      if (auto *Ret = dyn_cast<ReturnInst>(BB.getTerminator())) {
        Instruction *Before = Ret;
        auto *Call =
            dyn_cast_or_null<CallInst>(Ret->getPrevNonDebugInstruction());
        if (Call && isTransparent(*Call))
          Before = Call;
        IRBuilder<>(Before).CreateCall(RT.release(), {Record});
      }
    removeUnreachableBlocks(*R);
    return R;
  }

  void setAttributes(Function &R) {
    AttrBuilder Keep(C, F.getAttributes().getFnAttrs());
    Keep.removeAttribute(Attribute::AlwaysInline);
    Keep.removeAttribute(Attribute::InlineHint);
    Keep.removeAttribute(Attribute::Hot);
    R.setAttributes(AttributeList());
    R.addFnAttrs(Keep);
    R.addRetAttrs(AttrBuilder(C, F.getAttributes().getRetAttrs()));
    R.removeRetAttr(Attribute::NoAlias);
    R.setCallingConv(CallingConv::C);
    R.setLinkage(GlobalValue::InternalLinkage);
    R.setVisibility(GlobalValue::DefaultVisibility);
    R.setDSOLocal(true);
    R.setComdat(nullptr);
    R.addFnAttr(Attribute::NoInline);
    R.addFnAttr(Attribute::Cold);
    if (!R.hasFnAttribute(Attribute::OptimizeNone)) {
      R.addFnAttr(Attribute::OptimizeForSize);
      R.addFnAttr(Attribute::MinSize);
    }
    // Small code pushes and pops; with a frame pointer that needs no unwind
    // instructions, which a capture would have to walk through.
    R.addFnAttr("frame-pointer", "all");
    R.addParamAttr(0, Attribute::NonNull);
    R.addDereferenceableParamAttr(0, RecordSize);
    R.addParamAttr(0, Attribute::getWithAlignment(C, Align(16)));
    R.addParamAttr(0, Attribute::NoAlias);
    R.setSection((".popcorn.cold." + R.getName()).str());
  }

  void resumeSite(unsigned K, Function &R, ValueToValueMapTy &VMap,
                  Value *Record, SwitchInst *Dispatch, PHINode *Which) {
    auto *Call = cast<InvokeInst>(VMap[Sites[K].Call]);
    BasicBlock *Cont = Call->getNormalDest(), *Pad = Call->getUnwindDest();
    IRBuilder<> B(C);
    auto *Number = ConstantInt::get(Type::getInt32Ty(C), K);

    // The pad's body gets a block of its own, which both invokes' pads enter.
    LandingPadInst *LP = Pad->getLandingPadInst();
    BasicBlock *Body;
    if (Sites[K].HasDispatch) {
      Body = SplitBlock(Pad, LP->getNextNode());
    } else {
      Body = BasicBlock::Create(C, "recapture", &R);
      Pad->getTerminator()->eraseFromParent();
      IRBuilder<>(Pad).CreateBr(Body);
      B.SetInsertPoint(Body);
      B.CreateUnreachable();
    }
    // A dispatching pad that catches nothing resumes the exception it got.
    PHINode *BodyExn = nullptr;
    if (Sites[K].HasDispatch) {
      B.SetInsertPoint(Body, Body->begin());
      BodyExn = B.CreatePHI(PadTy, 2);
      LP->replaceUsesOutsideBlock(BodyExn, Pad);
      BodyExn->addIncoming(LP, Pad);
    }

    if (Sites[K].IsPoll) {
      Dispatch->addCase(Number, Cont);
    } else {
      BasicBlock *Resume = BasicBlock::Create(C, "site", &R, Cont);
      BasicBlock *Pad2 = BasicBlock::Create(C, "pad", &R);
      LandingPadInst *LP2 = makePad(Pad2);
      IRBuilder<>(Pad2).CreateBr(Body);
      if (BodyExn)
        BodyExn->addIncoming(LP2, Pad2);
      Dispatch->addCase(Number, Resume);
      B.SetInsertPoint(Resume);
      InvokeInst *Again =
          B.CreateInvoke(FunctionType::get(Call->getType(), {Ptr}, false),
                         RT.resumeInner().getCallee(), Cont, Pad2, {Record});
      Again->setDebugLoc(Call->getDebugLoc());
      AttributeList AL;
      AL = AL.addRetAttributes(
          C, AttrBuilder(C, Call->getAttributes().getRetAttrs()));
      Again->setAttributes(AL);
      Again->removeRetAttr(Attribute::NoAlias);
      if (!Call->use_empty()) {
        B.SetInsertPoint(Cont, Cont->begin());
        PHINode *Result = B.CreatePHI(Call->getType(), 2);
        Call->replaceAllUsesWith(Result);
        Result->addIncoming(Call, Call->getParent());
        Result->addIncoming(Again, Resume);
        VMap[Sites[K].Call] = Result;
      }
    }

    Site Cloned{Call, Sites[K].IsPoll, Sites[K].HasDispatch};
    BasicBlock *Capture = openPad(Cloned, Body);
    B.SetInsertPoint(Capture);
    B.CreateBr(Which->getParent());
    Which->addIncoming(Number, Capture);
  }

  // V, cloned as Def, lives in the record from its definition on.
  void demote(Value *V, Value *Def, Value *Record, Function &R) {
    uint64_t Off = Offset[V];
    auto *DefI = cast<Instruction>(Def);
    BasicBlock *DefBB = DefI->getParent();
    bool StandIn = isa<Argument>(V);
    DenseMap<BasicBlock *, Instruction *> Loaded; // earliest load in a block
    SmallVector<Use *, 16> Uses;
    for (Use &U : Def->uses())
      Uses.push_back(&U);

    auto LoadBefore = [&](Instruction *Before) -> Value * {
      BasicBlock *BB = Before->getParent();
      Instruction *&L = Loaded[BB];
      if (L && (L == Before || L->comesBefore(Before)))
        return L;
      IRBuilder<> B(Before);
      if (!Before->getDebugLoc() && R.getSubprogram())
        B.SetCurrentDebugLocation(DILocation::get(C, 0, 0, R.getSubprogram()));
      Instruction *New =
          B.CreateAlignedLoad(V->getType(), slotAddress(B, Record, Off),
                              slotAlign(Off), V->getName());
      if (!L)
        L = New;
      return New;
    };
    for (Use *U : Uses) {
      auto *I = cast<Instruction>(U->getUser());
      if (auto *Phi = dyn_cast<PHINode>(I)) {
        BasicBlock *From = Phi->getIncomingBlock(*U);
        if (From != DefBB || StandIn)
          // Equal incoming blocks need equal values.
          U->set(LoadBefore(From->getTerminator()));
      } else if (I->getParent() != DefBB || StandIn) {
        U->set(LoadBefore(I));
      }
    }
    if (StandIn)
      return;
    BasicBlock::iterator After;
    if (auto *Invoke = dyn_cast<InvokeInst>(DefI)) {
      BasicBlock *Dest = Invoke->getNormalDest();
      if (!Dest->getSinglePredecessor())
        Dest = SplitEdge(Invoke->getParent(), Dest);
      After = Dest->getFirstInsertionPt();
    } else if (isa<PHINode>(DefI) || isa<LandingPadInst>(DefI)) {
      After = DefBB->getFirstInsertionPt();
    } else {
      After = std::next(DefI->getIterator());
    }
    IRBuilder<> B(After->getParent(), After);
    if (R.getSubprogram())
      B.SetCurrentDebugLocation(DILocation::get(C, 0, 0, R.getSubprogram()));
    B.CreateAlignedStore(Def, slotAddress(B, Record, Off), slotAlign(Off));
  }

  // A derived value is computed again in every block that uses it, so that a
  // resume function finds no definition on the far side of a site.
  void sinkDerived(const LiveSets &Live) {
    SmallVector<Instruction *, 32> Order;
    Live.forEachDerived([&](Instruction *I) { Order.push_back(I); });
    DenseMap<const BasicBlock *, unsigned> Number;
    unsigned N = 0;
    ReversePostOrderTraversal<Function *> RPO(&F);
    for (BasicBlock *BB : RPO)
      Number[BB] = N++;
    // Users before operands: an operand's copies then follow its users'.
    llvm::sort(Order, [&](Instruction *A, Instruction *B) {
      if (A->getParent() != B->getParent())
        return Number[A->getParent()] > Number[B->getParent()];
      return B->comesBefore(A);
    });
    for (Instruction *I : Order) {
      DenseMap<BasicBlock *, Instruction *> Copy;
      SmallVector<Use *, 16> Uses;
      for (Use &U : I->uses())
        Uses.push_back(&U);
      for (Use *U : Uses) {
        auto *User = cast<Instruction>(U->getUser());
        auto *Phi = dyn_cast<PHINode>(User);
        BasicBlock *BB = Phi ? Phi->getIncomingBlock(*U) : User->getParent();
        if (BB == I->getParent())
          continue;
        Instruction *Before = Phi ? BB->getTerminator() : User;
        Instruction *&Mine = Copy[BB];
        if (!Mine) {
          Mine = I->clone();
          Mine->setName(I->getName());
          Mine->insertBefore(Before);
        } else if (Before != Mine && Before->comesBefore(Mine)) {
          Mine->moveBefore(Before);
        }
        U->set(Mine);
      }
      if (I->use_empty())
        I->eraseFromParent();
    }
  }

public:
  Function *Resume = nullptr;

  FrameBuilder(Function &F, unsigned Id, Runtime &RT)
      : F(F), Id(Id), RT(RT), DL(F.getParent()->getDataLayout()),
        C(F.getContext()), I8(Type::getInt8Ty(C)), I32(Type::getInt32Ty(C)),
        Ptr(PointerType::getUnqual(C)), PadTy(StructType::get(Ptr, I32)) {}

  static bool hasSites(Function &F) {
    for (Instruction &I : instructions(F))
      if (auto *CB = dyn_cast<CallBase>(&I))
        if (CB->hasFnAttr(MayMigrateAttr) && !isTransparent(*CB))
          return true;
    return false;
  }

  void run() {
    Type *Ret = F.getReturnType();
    if (!Ret->isVoidTy() && DL.getTypeAllocSize(Ret) > MaxReturnBytes)
      C.emitError("popcorn-frames: " + F.getName() +
                  " returns more than two registers");
    removeUnreachableBlocks(F);
    F.setPersonalityFn(RT.personality());
    collectSites();
    {
      LiveSets First(F, calls(), /*Derive=*/true);
      sinkDerived(First);
    }
    LiveSets Live(F, calls(), /*Derive=*/false);
    layOut(Live);
    Resume = makeResume(Live);
    fillPads(Live);
  }

  uint64_t recordSize() const { return RecordSize; }
  unsigned siteCount() const { return Sites.size(); }
  uint32_t layoutHash() const { return (uint32_t)xxHash64(Description); }
};

GlobalVariable *makeName(Module &M, StringRef Name) {
  Constant *Text = ConstantDataArray::getString(M.getContext(), Name);
  auto *G =
      new GlobalVariable(M, Text->getType(), true, GlobalValue::InternalLinkage,
                         Text, "__popcorn_name");
  G->setSection(".popcorn.native.names");
  G->setAlignment(Align(1));
  return G;
}

void replaceTable(Module &M, StringRef Name, Constant *Init) {
  auto *G = new GlobalVariable(M, Init->getType(), true,
                               GlobalValue::ExternalLinkage, Init, "");
  if (GlobalVariable *Old = M.getNamedGlobal(Name)) {
    Old->replaceAllUsesWith(G);
    Old->eraseFromParent();
  }
  G->setName(Name);
  G->setSection(".popcorn.native.functions");
  G->setAlignment(Align(16));
  G->setDSOLocal(true);
}

} // namespace

PreservedAnalyses FramesPass::run(Module &M, ModuleAnalysisManager &) {
  LLVMContext &C = M.getContext();
  Runtime RT(M);
  Type *Ptr = PointerType::getUnqual(C), *I64 = Type::getInt64Ty(C),
       *I32 = Type::getInt32Ty(C);
  auto *EntryTy = StructType::get(Ptr, Ptr, I64, I32, I32);

  SmallVector<Function *, 64> Work;
  for (Function &F : M)
    if (!F.isDeclaration() && FrameBuilder::hasSites(F))
      Work.push_back(&F);

  SmallVector<Constant *, 64> Table;
  for (Function *F : Work) {
    FrameBuilder FB(*F, Table.size(), RT);
    FB.run();
    Table.push_back(
        ConstantStruct::get(EntryTy, {FB.Resume, makeName(M, F->getName()),
                                      ConstantInt::get(I64, FB.recordSize()),
                                      ConstantInt::get(I32, FB.siteCount()),
                                      ConstantInt::get(I32, FB.layoutHash())}));
  }
  uint32_t Count = Table.size();
  if (Table.empty())
    Table.push_back(Constant::getNullValue(EntryTy));
  replaceTable(
      M, "__popcorn_functions",
      ConstantArray::get(ArrayType::get(EntryTy, Table.size()), Table));
  replaceTable(M, "__popcorn_function_count", ConstantInt::get(I32, Count));
  return PreservedAnalyses::none();
}

} // namespace popcorn
