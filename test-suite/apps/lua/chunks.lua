-- Chunks: load from strings and functions, string.dump with and without debug
-- information, environments, require; utf8.
print(load("return 1 + 1")(), load("return ...")(1, 2), load(""), load("x"), load("\27bad", "=b", "t"), load("return 1", "=c", "b"))
local pieces = {"return ", "function(a) ", "return a .. ", "'piece' ", "end", nil}
local i = 0
print(load(function() i = i + 1 return pieces[i] end)()("a "))
print(pcall(load, function() return {} end), load(function() return nil end))
local long = {} for k = 1, 2000 do long[k] = "x" .. k .. " = " .. k .. "\n" end
local env, k = {}, 0
load(function() k = k + 1 return long[k] end, "=long", "t", env)()
print(env.x1, env.x2000, x1)

-- through bytecode
local upvalue = 10
local functions = {
  function(n) if n < 2 then return n end local a, b = 0, 1 for _ = 2, n do a, b = b, a + b end return b end,
  function(...) local t = {...} table.sort(t) return table.unpack(t) end,
  function(s) return (s:gsub("%w+", function(w) return w:upper() .. #w end)) end,
  function(n) local r = {} for c in coroutine.wrap(function() for j = 1, n do coroutine.yield(j * j) end end) do r[#r + 1] = c end return table.concat(r, " ") end,
  function(x) goto a ::b:: do return x .. "b" end ::a:: if x == 1 then goto b end return x .. "a" end,
  function(t) local c <close> = setmetatable({}, {__close = function() t[1] = "closed" end}) return #t end,
  function(x) return x // 3, x % 3, x << 2, x >> 1, ~x, x & 6, x | 9, x ~ 5, x / 4, x ^ 2, -x, not x, x == 5, x < 7, x .. "", 1.5e300, 1 << 62 end,
  function(x) local function inner() x = x + 1 return x end return inner() + inner() end,
  function() return 'a string with \0 and \200 and ' .. ("long "):rep(20) end}
local arguments = {{50}, {5, 3, 9, 1}, {"some words here"}, {10}, {1}, {{1, 2, 3}}, {5}, {7}, {}}
for n, f in ipairs(functions) do
  for _, strip in ipairs {false, true} do
    local code = string.dump(f, strip)
    local again = load(code, "=code", "b")
    print(n, strip, #code == #string.dump(again, strip), again(table.unpack(arguments[n])))
    -- what is cut or changed at the head is refused
    for _, bad in ipairs {code:sub(1, 10), code:sub(1, -10), "\27Lub" .. code:sub(5), code:sub(1, 4) .. "\0" .. code:sub(6)} do
      print((select(2, load(bad, "=bad", "b")):gsub("%s*near.*", "")))
    end
  end
end
local f = load(string.dump(function() upvalue = (upvalue or 0) + 1 return upvalue end))
print(pcall(f), debug.setupvalue(f, 1, 41), f(), f(), upvalue)
print(pcall(string.dump, print), pcall(load(string.dump(function() error("stripped") end, true))))

-- environments
local function sandbox(code, e) return pcall(load(code, "=sandbox", "t", e)) end
print(sandbox("x = 1 return x", {}), sandbox("return print", {}), sandbox("return _ENV.y", {y = 2}), sandbox("local _ENV = {z = 3} return z", {}),
  sandbox("print()", {}), sandbox("return x + 1", setmetatable({}, {__index = function() return 41 end})))
do local _ENV = setmetatable({}, {__index = _G, __newindex = function(_, n, v) print("global", n, v) end}) made = 5 other = made end
-- modules
package.preload.made = function(...) return {name = ..., value = 7} end
print(require("made").name, require("made") == package.loaded.made, select(2, require("made")), pcall(require, "made.not"))
local path = os.tmpname()
local file = assert(io.open(path, "w")) file:write("local name, where = ...\nreturn {n = name, w = where ~= nil}\n") file:close()
package.path = path:gsub("[^/]*$", "?")
local module = require(path:match("[^/]*$"))
print(module.n == path:match("[^/]*$"), module.w, package.searchpath("none", "./?.x;/?/y"), dofile(path).w, loadfile(path, "b"))
os.remove(path)
print(package.config:gsub("\n", "|"))

-- utf8
local text = "aé水𝄞\u{7FFFFFFF}z"
print(#text, utf8.len(text), utf8.len(text, 1, -1, true), utf8.char(97, 233, 27700, 119070), utf8.charpattern)
for p, c in utf8.codes("aé水𝄞z") do io.write(p, ":", c, " ") end print()
print(utf8.codepoint("aé水𝄞z", 1, -1), utf8.offset("aé水𝄞z", 3), utf8.offset("aé水𝄞z", -1), utf8.offset("aé", 5), utf8.offset("aé水", 0, 5))
for _, s in ipairs {"\xff", "a\x80", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe6\xb0", "ok"} do print(utf8.len(s), pcall(utf8.codepoint, s, 1, -1)) end
print(pcall(function() for _ in utf8.codes("a\xff") do end end), pcall(utf8.char, -1), pcall(utf8.offset, "水", 1, 2))
local n = 0 for c in ("水é𝄞"):rep(200):gmatch(utf8.charpattern) do n = n + #c end print(n)
local points = {} for c = 1, 0x10ffff, 997 do if c < 0xd800 or c > 0xdfff then points[#points + 1] = c end end
local all = {} for _, c in ipairs(points) do all[#all + 1] = utf8.char(c) end
local same, at = true, 0
for _, c in utf8.codes(table.concat(all)) do at = at + 1 same = same and c == points[at] end
print(same, at)
-- escapes
print("\x41\65\u{41}\z
       B\
C\'\"\a\b\f\v\\" == "AAAB\nC'\"\7\8\12\11\\", #[[
first]], [==[a]]b]=]c]==], #"\z   ", 0xA, 0Xa.8p0, 3 --[[x]] + --[==[y]==] 4)
