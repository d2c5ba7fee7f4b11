-- Coroutines: generators, yields across pcall and metamethods and iterators,
-- wrap, close, errors inside, many of them, deep ones.
local function gen(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end) end
local function filter(p, g) return coroutine.wrap(function() for n in g do if n % p ~= 0 then coroutine.yield(n) end end end) end
local function sieve(n)
  local g, primes = gen(n), {}
  g()
  while true do
    local p = g()
    if not p then return primes end
    primes[#primes + 1] = p
    g = filter(p, g)
  end
end
print(table.concat(sieve(400), " "))

-- permutations
local function permute(a, n)
  if n <= 1 then coroutine.yield(table.concat(a)) return end
  for i = 1, n do
    a[n], a[i] = a[i], a[n]
    permute(a, n - 1)
    a[n], a[i] = a[i], a[n]
  end
end
local all = {}
for p in coroutine.wrap(function() permute({"a", "b", "c", "d", "e"}, 5) end) do all[#all + 1] = p end
print(#all, table.concat(all, " "))

-- values both ways, status, running, isyieldable
local co = coroutine.create(function(...)
  print("in", ...)
  local t = table.pack(...)
  while true do
    t = table.pack(coroutine.yield(t.n, table.unpack(t, 1, t.n)))
    if t.n == 0 then return "done", coroutine.isyieldable() end
  end
end)
print(coroutine.status(co), coroutine.isyieldable(), select(2, coroutine.running()))
print(coroutine.resume(co, 1, nil, 3))
print(coroutine.status(co), coroutine.resume(co, nil, nil))
print(coroutine.resume(co))
print(coroutine.status(co), coroutine.resume(co))
print(coroutine.resume(coroutine.create(function() return coroutine.resume(co) end)))
local self
self = coroutine.create(function() return coroutine.resume(self) end)
print(coroutine.resume(self))
print(pcall(coroutine.wrap(function() error {code = 7} end)))

-- yields across pcall, xpcall, metamethods, iterators, sort (refused), gsub (refused)
local mt = {}
for _, name in ipairs {"add", "sub", "mul", "div", "mod", "pow", "unm", "idiv", "band", "bor", "bxor", "shl", "shr", "bnot",
  "concat", "len", "eq", "lt", "le", "index", "call"} do
  mt["__" .. name] = function(a, b) return coroutine.yield(name, type(a), type(b)) end
end
mt.__newindex = function(_, k, v) coroutine.yield("newindex", k, v) end
mt.__close = function() coroutine.yield("close") end
local function every()
  local a, b = setmetatable({}, mt), setmetatable({}, mt)
  local r = {a + b, a - 1, 2 * a, a / b, a % b, a ^ 2, -a, a // b, a & 1, 1 | a, a ~ b, a << 1, a >> 1, ~a, a .. "x", #a,
    a == b, a < b, a <= b, a.key, a(1)}
  a.new = "value"
  do local c <close> = a end
  for i, v in (function() return coroutine.yield("iterator") end) do r[#r + 1] = i r[#r + 1] = v end
  return pcall(function()
    local ok, x = xpcall(function() coroutine.yield("in xpcall") error("thrown", 0) end,
      function(m) return "handled " .. m end)
    coroutine.yield(ok, x)
    error({table.concat({#r}, ",")})
  end)
end
co = coroutine.create(every)
local step, answer = 0
repeat
  local back = table.pack(coroutine.resume(co, answer))
  step = step + 1
  for i = 1, back.n do back[i] = type(back[i]) == "table" and "table " .. tostring(back[i][1]) or tostring(back[i]) end
  print(step, table.concat(back, " ", 1, back.n))
  answer = nil
  if back[2] == "iterator" then answer = step < 28 and step or nil else answer = step % 3 ~= 0 and step or nil end
until coroutine.status(co) == "dead" or step > 60
print(coroutine.resume(coroutine.create(function() table.sort({3, 2, 1}, function() coroutine.yield() end) end)))
print(coroutine.resume(coroutine.create(function() ("x"):gsub("x", coroutine.yield) end)))
print(pcall(coroutine.yield))

-- close, with variables to be closed, with errors in them
local function closing(name, fails)
  return setmetatable({}, {__close = function(_, e) print("close", name, e) if fails then error("in " .. name, 0) end end})
end
co = coroutine.create(function()
  local a <close> = closing("a")
  local b <close> = closing("b", true)
  local c <close> = closing("c")
  coroutine.yield("open")
end)
print(coroutine.resume(co))
print(coroutine.close(co), coroutine.status(co))
co = coroutine.create(function() local a <close> = closing("a", true) error("first", 0) end)
print(coroutine.resume(co))
print(coroutine.close(co))
print(pcall(coroutine.close, coroutine.running()))

-- a thousand at once, in turns
local many, total = {}, 0
for i = 1, 1000 do
  many[i] = coroutine.create(function(x) for k = 1, i % 7 do x = coroutine.yield(x + k) end return x end)
end
local alive = #many
while alive > 0 do
  for i, c in ipairs(many) do
    if coroutine.status(c) ~= "dead" then
      local _, x = coroutine.resume(c, i)
      total = total + x
      if coroutine.status(c) == "dead" then alive = alive - 1 end
    end
  end
end
print(total)

-- one in another in another; then too deep
local function nest(n) if n == 0 then return 0 end return 1 + coroutine.wrap(nest)(n - 1) end
print(nest(100), pcall(nest, 100000) == false)
local function deep(n) if n == 0 then coroutine.yield("bottom") return 0 end return 1 + deep(n - 1) end
co = coroutine.create(deep)
print(coroutine.resume(co, 10000))
print(coroutine.resume(co))
print(select(2, pcall(coroutine.wrap(function() local function f() return 1 + f() end return f() end))):match("stack overflow"))
