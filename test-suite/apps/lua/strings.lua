-- The string library: format, pack, patterns, gsub with every kind of replacement.
local function show(...)
  local t = table.pack(...)
  for i = 1, t.n do t[i] = type(t[i]) == "string" and string.format("%q", t[i]) or tostring(t[i]) end
  print(table.concat(t, "\t", 1, t.n))
end

-- format: every conversion with flags, widths and precisions
for _, flags in ipairs {"", "-", "+", " ", "#", "0", "+0", "-+"} do
  for _, width in ipairs {"", "1", "12", ".0", ".3", "12.4", "20.15"} do
    for _, conversion in ipairs {"d", "i", "u", "x", "X", "o", "e", "E", "f", "F", "g", "G", "a", "A", "s", "c", "q"} do
      local spec = "%" .. flags .. width .. conversion
      for _, value in ipairs {0, 1, -1, 42, 3.0, -2.5, 1e15, 0.1, "7"} do
        local ok, text = pcall(string.format, spec, value)
        if ok then show(spec, value, text) else show(spec, "refused") break end
      end
    end
  end
end
for _, v in ipairs {1/0, -1/0, 0.0, -0.0, math.maxinteger, math.mininteger, 1e308, 5e-324, 2^53, 2^63, 1/3, math.pi} do
  show(string.format("%.14g %.17g %a %5.1f %q", v, v, v, v, v))
end
show(string.format("%q", "a\0b\r\n\"\\\200"), string.format("%s %s", 1, setmetatable({}, {__tostring = function() return "me" end})))
show(pcall(string.format, "%d", 1.5), pcall(string.format, "%d", "x"), pcall(string.format, "%y", 1))

-- pack, unpack, packsize
local formats = {
  "b", "B", "h", "H", "i", "I", "l", "L", "j", "J", "T", "i1", "i3", "i7", "i16", "I5", "f", "d", "n", "s1", "s2", "s", "z",
  "<i4", ">i4", "=i4", "!4 i1 i4", "!8 b d", "<!2 b i8 h", ">s4 z x b", "<i2 Xi4", "c10"}
for _, f in ipairs(formats) do
  for _, v in ipairs {0, 1, -1, 100, 255, -128, 2^31 | 0, math.maxinteger, "text", 1.5} do
    local n = select(2, f:gsub("[bBhHiIlLjJTfdnszc]%d*", ""))
    local values = {}
    for i = 1, n do values[i] = v end
    local ok, packed = pcall(string.pack, f, table.unpack(values))
    if ok then
      show(f, v, (packed:gsub(".", function(c) return string.format("%02x", c:byte()) end)), pcall(string.unpack, f, packed))
    else
      show(f, v, "refused")
    end
  end
  show(f, pcall(string.packsize, f))
end
show(string.unpack("<i4 >i4 z", "\1\0\0\0\0\0\0\2rest\0more"))
show(pcall(string.unpack, "i8", "short"), pcall(string.pack, "i17", 1), pcall(string.pack, "!3 i4", 1))

-- patterns
local text = "The quick (brown) fox -- jumped over  the [lazy] dog, 12 times; x=0x1F, y = -3.25e+7.\n"
for _, p in ipairs {
  "%a+", "%d+", "%s+", "%w+", "%p+", "%l+", "%u", "%x+", "%c", "[aeiou]+", "[^%s]+", "%b()", "%b[]", "%f[%w]%w+%f[%W]",
  "(%w+)%s*=%s*(%S+)", "()o()", "^The", "dog", "^dog", "$", "%.$", "-", "%-%-", "o.-o", "o.*o", "o.?x", "[%]%[]", "[a-c%-]+",
  "(a*(.)%w(%s*))", "((%w)%2)", "%f[%d]%d-%f[%D]"} do
  show(p, text:find(p))
  show(p, text:match(p))
  local n = 0
  for a, b in text:gmatch(p) do n = n + 1 if n < 5 then show(n, a, b) end end
  show(text:gsub(p, "<%0>"))
  show(text:gsub(p, {The = "A", dog = "cat", o = false}, 3))
  show(text:gsub(p, function(...) local t = {...} if #t > 1 then return #t .. tostring(t[1]) end end))
end
for _, p in ipairs {"%", "[a", "(a", "a)", "%b", "%f", "%1", "(()", "[%"} do show(p, pcall(string.find, text, p)) end
show(pcall(string.gsub, "abc", "%w", "%2"), pcall(string.rep, "x", 1 << 60), pcall(string.gsub, "abc", "%w", "%"))
show(("x"):rep(0), ("xy"):rep(5, ","), ("abc"):reverse(), ("aBc"):upper(), ("aBc"):lower(), ("abc"):byte(1, -1))
show(("hello"):sub(2), ("hello"):sub(-3, -2), ("hello"):sub(10), ("hello"):sub(0, 100), ("hello"):len(), #"a\0b")
show(("a,b,,c"):find(",", 1, true), ("a.b"):find(".", 1, true), ("abc"):find("", 10), ("abc"):find("", 4))
show("10" + 5, "0x10" * 2, "3" // 1, 10 .. 20, "1e1" + 0, pcall(function() return "a" + 1 end))
show("a" < "b", "a" < "B", "" < "a", "a\0b" < "a\0c", "Z" <= "a", pcall(function() return "a" < 1 end))

-- a long string made in many ways
local parts = {}
for i = 1, 3000 do parts[#parts + 1] = ("%d:%x;"):format(i, i * i) end
local long = table.concat(parts)
local sum = 0
for a, b in long:gmatch("(%d+):(%x+);") do sum = sum + tonumber(a) * 3 + tonumber(b, 16) end
print(#long, sum, select(2, long:gsub("%d", "")), #long:gsub("(%d)(%x)", "%2%1"))
