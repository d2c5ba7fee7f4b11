-- Metatables: every metamethod, classes with inheritance, proxies, weak tables,
-- finalizers and the modes of the collector.
local Vector = {}
Vector.__index = Vector
local function V(x, y) return setmetatable({x = x, y = y}, Vector) end
for name, f in pairs {
  add = function(a, b) return V(a.x + b.x, a.y + b.y) end, sub = function(a, b) return V(a.x - b.x, a.y - b.y) end,
  mul = function(a, b) return type(a) == "number" and V(a * b.x, a * b.y) or type(b) == "number" and V(a.x * b, a.y * b) or a.x * b.x + a.y * b.y end,
  div = function(a, b) return V(a.x / b, a.y / b) end, idiv = function(a, b) return V(a.x // b, a.y // b) end,
  mod = function(a, b) return V(a.x % b, a.y % b) end, pow = function(a, n) return V(a.x ^ n, a.y ^ n) end,
  unm = function(a) return V(-a.x, -a.y) end, band = function(a, b) return V(a.x & b, a.y & b) end,
  bor = function(a, b) return V(a.x | b, a.y | b) end, bxor = function(a, b) return V(a.x ~ b, a.y ~ b) end,
  shl = function(a, n) return V(a.x << n, a.y << n) end, shr = function(a, n) return V(a.x >> n, a.y >> n) end,
  bnot = function(a) return V(~a.x, ~a.y) end, len = function(a) return a.x * a.x + a.y * a.y end,
  eq = function(a, b) return a.x == b.x and a.y == b.y end, lt = function(a, b) return #a < #b end,
  le = function(a, b) return #a <= #b end, concat = function(a, b) return tostring(a) .. "|" .. tostring(b) end,
  call = function(a, ...) return a.x, select("#", ...), ... end, tostring = function(a) return "(" .. a.x .. " " .. a.y .. ")" end,
  name = "Vector"} do Vector["__" .. name] = f end
local a, b = V(3, 4), V(-1, 7)
print(a + b, a - b, a * b, a * 2, 2 * a, a / 2, a // 2, b % 3, a ^ 2, -a, a & 6, a | 8, a ~ 5, a << 3, b >> 60, ~a)
print(#a, a == V(3, 4), a ~= b, a < b, a <= b, a > b, a >= b, a .. b, a .. 1, "s" .. b, a("x", nil))
print(pcall(function() return a + nil end), pcall(function() return {} .. "x" end), pcall(function() return {} < {} end))
print(getmetatable("").__index == string, pcall(setmetatable, setmetatable({}, {__metatable = "locked"}), {}),
  getmetatable(setmetatable({}, {__metatable = "locked"})))

-- inheritance
local Base = {} Base.__index = Base
function Base.new(class, ...) local o = setmetatable({}, class) o:init(...) return o end
function Base:init(name) self.name = name end
function Base:say() return self.name .. " says " .. self:sound() end
function Base:sound() return "nothing" end
local function extend(parent) local c = setmetatable({}, {__index = parent, __call = parent.new}) c.__index = c return c end
local Dog = extend(Base) function Dog:sound() return "woof" end
local Puppy = extend(Dog) function Puppy:init(n, age) Dog.init(self, n) self.age = age end
function Puppy:sound() return (Dog.sound(self) .. " "):rep(self.age) end
print(Base:new("base"):say(), Dog:new("dog"):say(), Puppy("pup", 3):say())
local depth = {}
for i = 1, 90 do depth = setmetatable({}, {__index = depth}) if i == 1 then getmetatable(depth).__index.deep = "found" end end
print(depth.deep, depth.missing, rawget(depth, "deep"))
local loop = {} setmetatable(loop, {__index = loop}) print(pcall(function() return loop.x end))

-- __index and __newindex as proxies that count
local function watched(t)
  local reads, writes = 0, 0
  return setmetatable({}, {__index = function(_, k) reads = reads + 1 return t[k] end,
    __newindex = function(_, k, v) writes = writes + 1 t[k] = v end, __len = function() return #t end,
    __pairs = function() return next, t, nil end}), function() return reads, writes end
end
local w, counts = watched {1, 2, 3}
for i = 1, 10 do w[i] = (w[i] or 0) + (w[i - 1] or 0) end
print(#w, w[10], counts())
local n = 0 for _, v in pairs(w) do n = n + v end print(n)
print(rawequal(w, w), rawlen(w), rawset(w, "raw", 1).raw, next(w))

-- weak tables
local function alive(t) local c = 0 for _ in pairs(t) do c = c + 1 end return c end
for _, mode in ipairs {"k", "v", "kv", ""} do
  local weak, keep = setmetatable({}, {__mode = mode}), {}
  for i = 1, 100 do
    local k, v = {i}, {i}
    weak[k] = v
    if i % 5 == 0 then keep[#keep + 1] = k end
    if i % 7 == 0 then keep[#keep + 1] = v end
    weak[i] = {} weak["s" .. i] = i
  end
  collectgarbage() collectgarbage()
  print(mode, alive(weak), #keep)
end
local ephemeron = setmetatable({}, {__mode = "k"})
do local k = {} for _ = 1, 100 do local next = {} ephemeron[k] = next k = next end end
collectgarbage() print("ephemerons", alive(ephemeron))

-- finalizers: order, resurrection, errors, cycles
local order = {}
for i = 1, 10 do setmetatable({}, {__gc = function() order[#order + 1] = i end}) end
collectgarbage() print(table.concat(order, " "))
local saved
do local o = setmetatable({tag = "back"}, {__gc = function(o) saved = o end}) o.me = o end
collectgarbage() print(saved.tag, saved.me == saved)
saved = nil collectgarbage()
warn("@off") setmetatable({}, {__gc = function() error("in a finalizer") end}) collectgarbage()
local chain = 0
local function again() setmetatable({}, {__gc = function() chain = chain + 1 if chain < 20 then again() end end}) end
again() for _ = 1, 25 do collectgarbage() end print("chain", chain)

-- the collector's modes, under a load
for _, mode in ipairs {{"incremental", 100, 100, 4}, {"incremental", 200, 400, 10}, {"generational", 20, 100}, {"incremental"}} do
  local before = collectgarbage(table.unpack(mode))
  local list, made, freed = nil, 0, 0
  local gc = {__gc = function() freed = freed + 1 end}
  for i = 1, 6000 do
    list = {next = i % 50 ~= 0 and list or nil, text = ("x"):rep(i % 40), f = function() return i end}
    if i % 100 == 0 then made = made + 1 setmetatable({}, gc) end
    if i % 1500 == 0 then collectgarbage("step", 10) end
  end
  local length = 0 while list do length = length + 1 list = list.next end
  collectgarbage()
  print(before, mode[1], made, freed, length, collectgarbage("isrunning"))
end
collectgarbage("stop") print(collectgarbage("isrunning")) collectgarbage("restart")
print(collectgarbage("count") > 10, math.type(collectgarbage("count")))
AtEnd = setmetatable({}, {__gc = function() print("closed with the state") end})
