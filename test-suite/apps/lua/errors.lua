-- Errors: pcall, xpcall, error objects, levels, tracebacks, across coroutines and C;
-- messages that name variables; hooks and the debug library.
print(pcall(error), pcall(error, nil), pcall(error, "text", 0), pcall(error, "text", 1), pcall(error, "text", 2))
local function level(n) error("at level " .. n, n) end
local function caller(n) level(n) end
for n = 0, 3 do print(pcall(caller, n)) end
local object = setmetatable({}, {__tostring = function() return "an object" end})
print(select(2, pcall(error, object)) == object, tostring(select(2, pcall(error, object))), pcall(assert, false), pcall(assert, nil, "why"),
  pcall(assert, false, object) == false, pcall(assert), select("#", assert(1, 2, 3)))
print(xpcall(error, function(m) return "handled: " .. tostring(m) end, "x"), xpcall(function(...) return ... end, print, 1, nil, 3))
print(xpcall(error, function() error("in the handler") end, "x"))
print(xpcall(function() local function f() return f() + 1 end return f() end, function(m) return (m:match("stack overflow")) end))
print(select(2, pcall(string.rep)), select(2, pcall(("x").rep, "x", {})), select(2, pcall(setmetatable, 1, 2)))

-- messages
local t, up = {a = {}}, nil
for _, f in ipairs {
  function() return t.x.y end, function() return t.a.b.c end, function() return up.x end, function() return undefined.x end,
  function() undefined() end, function() t.method() end, function() t:method() end, function() return #nil end,
  function() return -{} end, function() return t + 1 end, function() return t.a .. "x" end, function() return 1 < "2" end,
  function() return {} < {} end, function() return 2^53 | 1.5 end, function() t[nil] = 1 end, function() local x <const> = nil; x() end,
  function() return ("x"):bad() end, function() return math.floor({}) end, function() return ("x"):rep(1e10) end,
  function() for i = 1, "x" do end end, function() return 1 // 0 end, function() string.char(256) end,
  function() return select(-5, 1) end, function() return table.concat({1, {}, 3}) end, function() return ipairs() end,
  function() return tostring() end, function() return setmetatable({}, {__index = function(_, k) error("no " .. k) end}).key end,
  function() load(function() error("reader") end)() end, function() return require "no.such.module" == nil end} do
  print((select(2, pcall(f)):gsub("\n.*", "")))
end
for _, s in ipairs {"x =", "x = = 1", "for", "if x then", "return return", "x = 'open", "x = [[open", "--[[open", "x = 1e", "a.b:c = 1",
  "break", "local function f() return ... end", "x = '\\q'", "x = '\\300'", "x = '\\u{110000000}'", "goto 1", "f(", "{}", "x = }",
  "local x <close>, y <close> = 1", "x = 0x", "x = 3x", "@", "x = \"a\nb\"", "return 1,", "for i = 1 do end", "::a::::a::"} do
  print(select(2, load(s, "=chunk")))
end

-- tracebacks
local function one() error("deep", 0) end
local function two() one() end
print(select(2, xpcall(function() two() return 1 end, function(m) return (debug.traceback(m, 1):gsub("0x%x+", "?")) end)))
local co = coroutine.create(function() local x = 5 coroutine.yield(x) error("inside") end)
coroutine.resume(co)
print(debug.traceback(co), debug.traceback(co, "message", 1), debug.traceback(co, nil), debug.traceback(object) == object)
print(coroutine.resume(co)) print(debug.traceback(co))

-- across coroutines: an error goes to the one that resumed; pcall inside keeps it
local function work(n, how)
  return pcall(function()
    for i = 1, n do
      coroutine.yield(i)
      if how == i then error {at = i} end
    end
    return "finished"
  end)
end
for how = 1, 4 do
  local c, got = coroutine.wrap(work), {}
  local r
  repeat r = table.pack(c(3, how)) got[#got + 1] = tostring(r[1]) until r.n > 1
  print(how, table.concat(got, " "), type(r[2]) == "table" and r[2].at or r[2])
end
local function tower(n)
  if n == 0 then error("top", 0) end
  local ok, m = coroutine.resume(coroutine.create(tower), n - 1)
  error(m .. n, 0)
end
print(pcall(tower, 20))
local depth = 0
local function nested(n) depth = n if n == 0 then error("bottom", 0) end local ok, m = pcall(nested, n - 1) error(m, 0) end
print(pcall(nested, 150), depth)
print(pcall(string.gsub, "abc", ".", function(c) if c == "b" then error({c}) end end) == false,
  pcall(table.sort, {3, 2, 1}, function() error("sort", 0) end), pcall(load, function() error("load", 0) end))
-- errors in __close, __gc, __tostring, __index while one is on its way
print(pcall(function() local a <close> = setmetatable({}, {__close = function(_, e) error(tostring(e) .. "+close", 0) end}) error("body", 0) end))
print(pcall(tostring, setmetatable({}, {__tostring = function() return 1 end})), pcall(function() return setmetatable({}, {__len = error}) .. 1 end))
-- memory errors
print(pcall(string.rep, "x", 1 << 62))

-- hooks and what debug says of functions and variables
local lines, calls, counts = {}, 0, 0
local function watched(a)
  local b = a + 1
  for i = 1, 2 do b = b + i end
  return b
end
debug.sethook(function(_, l) lines[#lines + 1] = l - debug.getinfo(watched, "S").linedefined end, "l")
watched(1) debug.sethook()
print(table.concat(lines, " "))
debug.sethook(function() calls = calls + 1 end, "cr") watched(1) math.abs(-1) debug.sethook() print(calls)
debug.sethook(function() counts = counts + 1 end, "", 100) for _ = 1, 10000 do end debug.sethook() print(counts > 90, debug.gethook())
local info = debug.getinfo(watched, "nSlutfr")
print(info.what, info.nparams, info.isvararg, info.nups, info.lastlinedefined - info.linedefined, info.short_src, info.func == watched)
print(debug.getinfo(print).what, debug.getinfo(1, "l").currentline > 0, debug.getinfo(100))
local function locals(p, q, ...) local r = p .. q local n, v = debug.getlocal(1, 3) debug.setlocal(1, 1, "set")
  return n, v, p, debug.getlocal(1, -1) end
print(locals("p", "q", "extra"))
debug.sethook(function() debug.sethook() error("out of a hook", 0) end, "", 50)
print(pcall(function() while true do end end))
