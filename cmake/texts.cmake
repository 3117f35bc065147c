# cmake -DOUT=texts.c -DREADME=... -DFORMAT=... -P texts.cmake: text files as C arrays.
set(code "#include \"texts.h\"\n")
foreach(pair "readme;${README}" "format;${FORMAT}")
  list(GET pair 0 name)
  list(GET pair 1 path)
  file(READ ${path} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "((0x..,){16})" "\\1\n" bytes "${bytes}")
  string(APPEND code "\nconst uint8_t text_${name}[] = {\n${bytes}};\n"
    "const size_t text_${name}_size = sizeof text_${name};\n")
endforeach()
file(WRITE ${OUT} "${code}")
