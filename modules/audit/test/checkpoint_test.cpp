#include "audit/keys.hpp"
#include "audit/note.hpp"
#include "audit/tree.hpp"
#include "audit/witness.hpp"
#include "support/database.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <fstream>

using namespace carillon;
using namespace carillon::audit;

namespace {

std::array<unsigned char, 32> seed(unsigned char first) {
    std::array<unsigned char, 32> bytes{};
    bytes[0] = first;
    return bytes;
}

std::string contents(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

// The example of golang.org/x/mod/sumdb/note's documentation.
constexpr const char* example_secret = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
constexpr const char* example_public = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

TEST_CASE("keys are those of the reference implementation", "[checkpoint]") {
    const auto signer = parse_signer(example_secret);
    REQUIRE(signer.has_value());
    CHECK(to_string(signer->verifier()) == example_public);
    CHECK(signer->to_secret() == example_secret);
    const auto key = parse_verifier(example_public);
    REQUIRE(key.has_value());
    CHECK(to_string(*key) == example_public);
    for (const char* wrong :
         {"", "PeterNeumann", "PeterNeumann+c74f20a3",
          "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
          "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
          "PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "+c74f20a3+ARpc2QcU"}) {
        CHECK_FALSE(parse_verifier(wrong).has_value());
        CHECK_FALSE(parse_signer(std::string("PRIVATE+KEY+") + wrong).has_value());
    }
    CHECK_THROWS_AS(Signer("two words", seed(1)), std::invalid_argument);
}

TEST_CASE("a checkpoint is a note that only its key makes", "[checkpoint]") {
    const Signer signer("log", seed(1)), other("log", seed(2)), foreign("another", seed(1));
    const auto root = merkle::leaf_hash("x");
    const auto note = signer.sign(42, root);
    CHECK(note.starts_with("log\n42\n" + merkle::to_base64(root) + "\n\n\u2014 log "));
    const auto opened = open_note(note, {other.verifier(), signer.verifier()});
    REQUIRE(opened.has_value());
    CHECK(opened->origin == "log");
    CHECK(opened->size == 42);
    CHECK(opened->root == root);
    CHECK_FALSE(open_note(note, {other.verifier(), foreign.verifier()}).has_value());
    CHECK_FALSE(open_note(note, {}).has_value());
    for (std::size_t i = 0; i < note.size(); ++i) {
        for (const char c : {'\0', '\n', 'A', '1'}) {
            auto changed = note;
            if (changed[i] == c) continue;
            changed[i] = c;
            INFO(i << " " << changed);
            CHECK_FALSE(open_note(changed, {signer.verifier()}).has_value());
        }
        CHECK_FALSE(open_note(note.substr(0, i), {signer.verifier()}).has_value());
    }
    CHECK_FALSE(open_note(note + note, {signer.verifier()}).has_value());
}

TEST_CASE("the key file is the owner's alone; a rotation keeps the old public keys", "[checkpoint]") {
    const carillon::test::TemporaryFolder folder;
    const auto file = folder / "keys";
    ensure_keys(file);
    struct stat status {};
    REQUIRE(::stat(file.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    const auto first = load_keys(file);
    const auto note = first.signer.sign(1, merkle::leaf_hash("x"));
    const auto before = contents(file);
    ensure_keys(file);
    CHECK(contents(file) == before);
    rotate_keys(file);
    rotate_keys(file);
    const auto third = load_keys(file);
    REQUIRE(third.verifiers.size() == 3);
    CHECK(to_string(third.verifiers[2]) == to_string(first.verifiers[0]));
    CHECK(to_string(third.verifiers[0]) != to_string(first.verifiers[0]));
    CHECK(third.tag_key == first.tag_key);
    CHECK(contents(file).find(first.signer.to_secret()) == std::string::npos);
    CHECK(open_note(note, third.verifiers).has_value());
    CHECK(open_note(third.signer.sign(2, merkle::leaf_hash("x")), third.verifiers).has_value());
    REQUIRE(::stat(file.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    for (const std::string text : {"", "nonsense\n", "TAG+KEY+AAAA\n"}) {
        std::ofstream(folder / "bad") << text;
        CHECK_THROWS_AS(load_keys(folder / "bad"), std::runtime_error);
    }
    CHECK_THROWS_AS(load_keys(folder / "none"), std::runtime_error);
}

TEST_CASE("a witness gives back what was appended, and passes over what a torn write left", "[checkpoint]") {
    const carillon::test::TemporaryFolder folder;
    const auto file = folder / "witness";
    const Signer signer("log", seed(1));
    const auto checkpoint = [&](std::uint64_t size) {
        return StoredCheckpoint{size, signer.sign(size, merkle::leaf_hash(std::to_string(size))), {}};
    };
    const auto sizes = [&] {
        std::vector<std::uint64_t> found;
        WitnessReader reader(file);
        while (const auto note = reader.next()) {
            const auto opened = open_note(*note, {signer.verifier()});
            if (opened) found.push_back(opened->size);
            CHECK(opened.has_value() == claimed_size(*note).has_value());
        }
        return found;
    };
    using Sizes = std::vector<std::uint64_t>;
    CHECK(sizes() == Sizes{});
    CHECK(last_witnessed(file) == 0);
    append_to_witness(file, {checkpoint(1), checkpoint(2)});
    CHECK(sizes() == Sizes{1, 2});
    append_to_witness(file, {checkpoint(3)});
    CHECK(last_witnessed(file) == 3);
    const auto whole = contents(file), more = checkpoint(4).note + "\n";
    for (std::size_t cut = 1; cut < more.size(); ++cut) {
        INFO(cut);
        std::ofstream(file, std::ios::binary | std::ios::trunc) << whole << more.substr(0, cut);
        append_to_witness(file, {checkpoint(5)});
        const auto found = sizes();
        CHECK((found == Sizes{1, 2, 3, 5} || found == Sizes{1, 2, 3, 4, 5}));
        CHECK(last_witnessed(file) == 5);
    }
}
