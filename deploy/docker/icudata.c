/* An empty table in the place of ICU's data, 30 MB: libical is linked to ICU for calendars other than the Gregorian one, which Carillon
   does not read. The header is ICU's own for this purpose (source/stubdata/stubdata.cpp). ICUDATA: icudt, the release, _dat. */
#include <stdint.h>

const struct {
    uint16_t header_size;
    uint8_t magic[2];
    struct {
        uint16_t size, reserved;
        uint8_t big_endian, charset_family, size_of_uchar, reserved_byte;
        uint8_t format[4], format_version[4], data_version[4];
    } info;
    uint8_t padding[8];
    uint32_t count, reserved;
} __attribute__((aligned(16))) ICUDATA = {
    .header_size = 32, .magic = {0xda, 0x27}, .info = {.size = 20, .size_of_uchar = 2, .format = "ToCP", .format_version = {1}}};
