-- Closures, upvalues, varargs, goto, tail calls, constants and variables to be closed.
local function counter() local n = 0 return function() n = n + 1 return n end, function() n = n * 10 return n end end
local up, times = counter()
print(up(), up(), times(), up())
local fs = {}
for i = 1, 5 do local j = i * i fs[i] = function(d) i = i + d j = j - d return i, j end end
for r = 1, 3 do for i = 1, 5 do io.write(table.concat({fs[i](r)}, ","), " ") end end print()
local k = 1
while k <= 3 do local c = k fs[k] = function() c = c + 1 return c end k = k + 1 end
print(fs[1](), fs[1](), fs[2](), fs[3]())
-- upvalues shared and joined
local a, b = function() return k end, function() return up end
print(debug.getupvalue(a, 1), select(1, debug.getupvalue(b, 1)))
debug.upvaluejoin(a, 1, (function() local z = "joined" return function() return z end end)(), 1)
print(a(), debug.setupvalue(a, 1, "set"), a(), k)
-- currying and Y
local function curry(f, n, ...)
  local have = table.pack(...)
  if have.n >= n then return f(table.unpack(have, 1, have.n)) end
  return function(x) return curry(f, n, table.unpack(have, 1, have.n), x) end
end
print(pcall(curry(function(x) return x * 2 end, 1), 21))
local function Y(f) return (function(x) return x(x) end)(function(x) return f(function(...) return x(x)(...) end) end) end
print(Y(function(fact) return function(n) return n == 0 and 1 or n * fact(n - 1) end end)(20))
-- varargs
local function va(...)
  local a, b = ...
  local t = {..., "end"}
  return select("#", ...), a, b, #t, (...)
end
print(va()) print(va(nil)) print(va(1, 2, 3)) print(va(table.unpack({}, 1, 200)))
local function sum(x, ...) if x then return x + sum(...) end return 0 end
print(sum(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), select("#", table.unpack({}, 1, 250)))
-- tail calls do not grow the stack
local function even(n) if n == 0 then return true end local function odd(m) if m == 0 then return false end return even(m - 1) end return odd(n - 1) end
print(even(100001))
-- goto
for i = 1, 4 do
  for j = 1, 4 do
    if j == i then goto continue end
    if i + j > 6 then goto out end
    io.write(i, j, " ")
    ::continue::
  end
end
::out:: print()
do
  local i, made = 1, {}
  ::again::
  do local x = i made[i] = function() x = x + 1 return x end end
  i = i + 1
  if i <= 3 then goto again end
  print(made[1](), made[1](), made[2](), made[3]())
end
print(load("goto nowhere"), load("do ::x:: end goto x"), load("::x:: ::x::"))
-- <const>, <close>
local function res(name) return setmetatable({}, {__close = function(_, e) io.write("close ", name, " ", tostring(e), "\n") end}) end
local function leave(how)
  local one <close> = res("one")
  local limit <const> = 3
  for i = 1, limit do
    local two <close> = res("two" .. i)
    if how == "break" and i == 2 then break end
    if how == "return" and i == 2 then return "returned", i end
    if how == "error" and i == 2 then error("broken", 0) end
    if how == "goto" then goto done end
  end
  ::done::
  return "end"
end
for _, how in ipairs {"", "break", "return", "goto", "error"} do print(how, pcall(leave, how)) end
print(load("local x <const> = 1; x = 2"), load("local x <what> = 1"), pcall(load("local x <close> = 1")))
for i, v in (function() return next, {10, 20}, nil, res("iterator") end)() do io.write(i, " ", v, "\n") end
-- integer loops at the edges
for _, r in ipairs {{math.maxinteger - 2, math.maxinteger, 1}, {math.mininteger + 2, math.mininteger, -1}, {1, 3, 2}, {3, 1, 1},
  {1, 0, 1}, {1.0, 2.0, 0.25}, {math.maxinteger, math.maxinteger + 1.0, 1}, {1, math.huge, math.maxinteger}} do
  local n, last = 0, nil
  for i = r[1], r[2], r[3] do n = n + 1 last = i if n > 100 then break end end
  print(r[1], r[2], r[3], n, last)
end
print(pcall(function() for i = 1, 10, 0 do end end), pcall(function() for i = "a", 10 do end end))
-- many locals, many upvalues, a function with many constants
local source = {}
for i = 1, 190 do source[i] = ("local v%d = %d"):format(i, i) end
source[#source + 1] = "return function() return v1 + v100 + v190 end"
print(load(table.concat(source, "\n"))()())
source = {"local t = {"}
for i = 1, 3000 do source[#source + 1] = ("%d.5, 'c%d',"):format(i, i) end
source[#source + 1] = "} return #t, t[1], t[6000], t[5999]"
print(load(table.concat(source))())
source = {"return "}
for i = 1, 150 do source[#source + 1] = "(" end
source[#source + 1] = "1" for i = 1, 150 do source[#source + 1] = "+1)" end
print(load(table.concat(source))(), (load(("("):rep(300) .. "1" .. (")"):rep(300))))
