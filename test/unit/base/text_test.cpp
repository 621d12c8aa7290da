#include "carillon/text.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace text = carillon::text;
using namespace std::string_literals;

TEST_CASE("is_utf8 accepts UTF-8 and nothing else") {
    for (const auto& good : {""s, "abc"s, "Grüße"s, "日本語"s, "🔔"s, "a\0b"s, "\xF4\x8F\xBF\xBF"s})
        CHECK(text::is_utf8(good));
    for (const auto& bad : {"\x80"s, "\xC3"s, "\xC0\xAF"s, "\xED\xA0\x80"s, "\xF4\x90\x80\x80"s, "\xFF"s, "ab\xE2\x82"s,
                            "\xF8\x88\x80\x80\x80"s}) {
        CAPTURE(bad);
        CHECK_FALSE(text::is_utf8(bad));
    }
}

TEST_CASE("length counts code points") {
    CHECK(text::length("") == 0);
    CHECK(text::length("abc") == 3);
    CHECK(text::length("Grüße") == 5);
    CHECK(text::length("🔔") == 1);
    CHECK(text::length("e\xCC\x81") == 2);
}

TEST_CASE("trim cuts every kind of blank at both ends and none inside") {
    CHECK(text::trim("") == "");
    CHECK(text::trim(" \t\r\n ") == "");
    CHECK(text::trim("\u00A0\u2003\u3000a \u00A0b\u2028\u200B\uFEFF") == "a \u00A0b");
    CHECK(text::trim("ü") == "ü");
}

TEST_CASE("fold makes equal what reads the same in any case") {
    CHECK(text::fold("Büro") == text::fold("BÜRO"));
    CHECK(text::fold("straße") == text::fold("STRASSE"));
    CHECK(text::fold("ΣΊΣΥΦΟΣ") == text::fold("σίσυφος"));
    CHECK(text::fold("Bu\u0308ro") == text::fold("b\u00FCro"));
    CHECK(text::fold("HELLO 42%_") == "hello 42%_");
    CHECK(text::fold("a") != text::fold("ä"));
}

TEST_CASE("fold and normalize are idempotent") {
    for (const auto& sample : {"Straße"s, "ΣΊΣΥΦΟΣ"s, "\u1FB3\u0345\u0301"s, "\u03B1\u0345\u0301"s, "\u0130"s, "ﬃ"s,
                               "Å\u030A"s, "한글"s, "\u0344"s}) {
        CAPTURE(sample);
        CHECK(text::fold(text::fold(sample)) == text::fold(sample));
        CHECK(text::normalize(text::normalize(sample)) == text::normalize(sample));
    }
    CHECK(text::normalize("u\u0308") == "ü");
}

TEST_CASE("has_control finds controls and noncharacters") {
    CHECK_FALSE(text::has_control("plain, ünïcode 🔔", false));
    for (const auto& bad :
         {"a\0b"s, "\x01"s, "\x1F"s, "\x7F"s, "\u0080"s, "\u009F"s, "\uFFFE"s, "\uFDD0"s, "\U0010FFFF"s}) {
        CHECK(text::has_control(bad, false));
        CHECK(text::has_control(bad, true));
    }
    CHECK(text::has_control("a\nb", false));
    CHECK_FALSE(text::has_control("a\tb\r\nc", true));
}

TEST_CASE("is_tag_name takes words of any script") {
    for (const auto& good :
         {"work"s, "Büro"s, "haus-arbeit"s, "買い物"s, "हिन्दी"s, "2027"s, "عمل"s, "x"s, "-a"s, "e\u0301"s, "٣"s}) {
        CAPTURE(good);
        CHECK(text::is_tag_name(good));
    }
    for (const auto& bad : {""s, " "s, "a b"s, "-"s, "--"s, "a_b"s, "a.b"s, "🔔"s, "a\0"s, "\u0301a"s, "a\u200Bb"s, "½"s,
                            "\xFF"s, "a,b"s}) {
        CAPTURE(bad);
        CHECK_FALSE(text::is_tag_name(bad));
    }
}
