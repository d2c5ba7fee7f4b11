-- The io and os libraries: all ways to read, seek, buffers, lines, temporary files,
-- pipes, errors; dates.
local name = os.tmpname()
local function fresh(text) local f = assert(io.open(name, "wb")) assert(f:write(text)) f:close() end
local function clean(...) local t = table.pack(...) for i = 1, t.n do t[i] = tostring(t[i]):gsub(name:gsub("%p", "%%%0"), "NAME") end return table.unpack(t, 1, t.n) end
fresh("first line\nsecond\n\n12 0x1F -7 3.5e2 .5 nan 99999999999999999999 0x\nlast without newline")
for _, how in ipairs {"l", "L", "a", "n", 0, 5, "*l", "*a"} do
  local f = io.open(name)
  print(how, f:read(how), f:read(how), f:seek())
  f:close()
end
local f = io.open(name)
print(f:read("l", "L", "l"), f:read("n", "n", "n", "n", "n", "n"), f:read("l"), f:read("n", "n"), f:read("a", "a", "l"))
print(f:seek("set", 6), f:read(4), f:seek("cur", -2), f:read(2), f:seek("end"), f:read(1), f:read(0), f:read("a"), f:seek("end", -3), f:read("a"))
print(pcall(f.seek, f, "set", -1), pcall(f.seek, f, "middle"), pcall(f.read, f, "x"), pcall(f.write, f, {}), clean(f:write("x")))
print(io.type(f), f:close(), io.type(f), pcall(f.read, f), tostring(f), io.type(42), pcall(f.close, f))
for l in io.lines(name) do io.write("[", l, "]") end print()
for a, b in io.lines(name, 1, "l") do io.write("[", a, "|", tostring(b), "]") end print()
for l in io.lines(name, "L") do io.write(#l, " ") end print()
print(pcall(function() for l in io.lines(name, "x") do end end), clean(pcall(io.lines, name .. ".none")), clean(io.open(name .. ".none")))
print(pcall(io.open, name, "rz"), clean(io.open("/", "w")))
-- modes
for _, mode in ipairs {"r", "r+", "a", "a+", "w+", "w"} do
  fresh("0123456789")
  local g = io.open(name, mode)
  local wrote = g:write("AB", 12, 3.5)
  g:seek("set", 0)
  local read = wrote and g:read("a") or g:read(3)
  g:close()
  g = io.open(name) print(mode, wrote ~= nil, read, g:read("a")) g:close()
end
-- buffers
for _, mode in ipairs {"no", "line", "full"} do
  local g = io.open(name, "w")
  print(g:setvbuf(mode, 64), g:write("part ", mode, "\n"), g:flush() == g)
  for i = 1, 300 do g:write(i, i % 10 == 0 and "\n" or " ") end
  g:close()
  local sum, lines = 0, 0
  for l in io.lines(name) do lines = lines + 1 for n in l:gmatch("%d+") do sum = sum + n end end
  print(mode, lines, sum)
end
-- a big one, in pieces of odd sizes
local g, h, total = io.open(name, "wb"), 0, 0
for i = 1, 4000 do local s = string.pack("<i4 d s2", i, i / 3, ("x"):rep(i % 50)) g:write(s) total = total + #s end
g:close()
g = io.open(name, "rb")
local size = 1
while true do local s = g:read(size) if not s then break end for i = 1, #s, 7 do h = (h * 31 + s:byte(i)) & 0xffffffff end size = size % 4093 + 61 end
print(total, g:seek("end"), h)
g:seek("set")
local n = 0
for i = 1, 4000 do local a, b, l = string.unpack("<i4 d I2", g:read(14)) local s = l > 0 and g:read(l) or "" if a == i and b == i / 3 and #s == i % 50 then n = n + 1 end end
print(n, g:read(1)) g:close()
-- default files, temporary ones, those that the collector or a block closes
local out = io.output()
io.output(name) io.write("by default ", 1, " ", 2.5, "\n") io.close() io.output(out)
io.input(name) print(io.read("l"), io.read("l"), io.read("a")) io.close(io.input()) print(pcall(io.read))
local t = io.tmpfile() t:write("temporary") t:seek("set") print(t:read("a"), io.type(t)) t:close()
do local c <close> = io.open(name) t = c end print(io.type(t))
for _ = 1, 300 do io.open(name) end collectgarbage() print("closed by the collector", io.open(name) ~= nil)
-- pipes and commands
local p = io.popen("cat > " .. name, "w") p:write("through a pipe\n") print(p:close())
p = io.popen("cat " .. name .. "; exit 3") print(p:read("a")) print(p:close())
print(os.execute("exit 5"), os.execute("kill -9 $$"), os.execute(), os.execute("true"), pcall(io.popen, "x", "z"))
-- names
print(os.rename(name, name .. "2"), clean(os.rename(name, name .. "3")), os.remove(name .. "2"), clean(os.remove(name)))
print(os.getenv("HOME") ~= nil, os.getenv("NO_SUCH_VARIABLE"), os.setlocale(), os.setlocale("C"), os.setlocale("no_WHERE"))
-- times
for _, when in ipairs {0, 1, 86399, 951782400, 1e9 | 0, 1709164800, 2^31 | 0, 4102444800, -1, -86400 * 365} do
  local d = os.date("!*t", when)
  print(when, d.year, d.month, d.day, d.hour, d.min, d.sec, d.wday, d.yday, d.isdst, os.date("!%Y-%m-%dT%H:%M:%S %j %a %A %b %B %p %y %U %w %%", when))
end
print(os.time {year = 2024, month = 2, day = 30, hour = 25} - os.time {year = 2024, month = 3, day = 2, hour = 1},
  pcall(os.time, {year = 2024}), pcall(os.date, "%Ez", 0), pcall(os.date, "%Q", 0), os.difftime(10, 4))
local d = {year = 2023, month = 14, day = -3, hour = 12} os.time(d) print(d.year, d.month, d.day, d.yday, d.wday)
print(os.clock() >= 0, math.type(os.time()), os.date("*t").year >= 2024)
io.stdout:write("done", "\n"):write("and ended\n")
os.exit(true, true)
