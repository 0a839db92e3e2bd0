-- A whole number of up to 15 digits, of a text that anyone may have written; nothing if it is none.
local function whole_number(text)
  return text and #text < 16 and string.find(text, '^%d+$') and tonumber(text) or nil
end
