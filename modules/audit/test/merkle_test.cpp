#include "audit/merkle.hpp"
#include "audit/leaf.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace carillon::audit;
using namespace carillon::audit::merkle;

namespace {

std::string hex(std::string_view bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (const unsigned char c : bytes) out += {digits[c >> 4], digits[c & 15]};
    return out;
}
std::string hex(const Hash& hash) { return hex({reinterpret_cast<const char*>(hash.data()), hash.size()}); }

std::string bytes(std::string_view hex) {
    std::string out;
    for (std::size_t i = 0; i < hex.size(); i += 2)
        out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    return out;
}

/// Straight from the definition in RFC 6962 section 2.1, which knows no storage.
Hash defined_root(const std::vector<Hash>& leaves) {
    if (leaves.empty()) return sha256({});
    if (leaves.size() == 1) return leaves.front();
    std::size_t k = 1;
    while (k * 2 < leaves.size()) k *= 2;
    return node_hash(defined_root({leaves.begin(), leaves.begin() + k}),
                     defined_root({leaves.begin() + k, leaves.end()}));
}

Nodes nodes_of(const std::vector<Hash>& leaves) {
    return [&leaves](int level, std::uint64_t number) {
        const auto begin = leaves.begin() + static_cast<std::ptrdiff_t>(number << level);
        return defined_root({begin, begin + (1 << level)});
    };
}

// The tree of eight leaves that certificate-transparency's own tests use (merkletree/merkle_tree_test.cc).
std::vector<Hash> reference_leaves() {
    std::vector<Hash> leaves;
    for (const char* data :
         {"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"})
        leaves.push_back(leaf_hash(bytes(data)));
    return leaves;
}
constexpr const char* reference_roots[] = {
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

}  // namespace

TEST_CASE("the reference tree has its known roots and paths", "[merkle]") {
    const auto leaves = reference_leaves();
    CHECK(hex(root(0, {})) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    Frontier frontier;
    CHECK(hex(frontier.root()) == hex(root(0, {})));
    for (std::size_t n = 1; n <= leaves.size(); ++n) {
        frontier.add(leaves[n - 1], [](int, std::uint64_t, const Hash&) {});
        CHECK(hex(root(n, nodes_of(leaves))) == reference_roots[n - 1]);
        CHECK(hex(frontier.root()) == reference_roots[n - 1]);
    }
    const auto written = [](const Path& path) {
        std::vector<std::string> out;
        for (const auto& hash : path) out.push_back(hex(hash));
        return out;
    };
    using Written = std::vector<std::string>;
    CHECK(written(inclusion(0, 1, nodes_of(leaves))).empty());
    CHECK(written(inclusion(0, 8, nodes_of(leaves))) ==
          Written{"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                  "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                  "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"});
    CHECK(written(inclusion(2, 3, nodes_of(leaves))) ==
          Written{"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"});
    CHECK(written(consistency(6, 8, nodes_of(leaves))) ==
          Written{"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                  "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"});
}

TEST_CASE("every proof of a small tree proves its own claim and no other", "[merkle]") {
    std::vector<Hash> leaves;
    for (int i = 0; i < 33; ++i) leaves.push_back(leaf_hash(std::to_string(i)));
    const auto nodes = nodes_of(leaves);
    for (std::uint64_t size = 1; size <= leaves.size(); ++size) {
        const auto top = root(size, nodes);
        CHECK(top == Frontier(size, nodes).root());
        for (std::uint64_t i = 0; i < size; ++i) {
            auto path = inclusion(i, size, nodes);
            CHECK(proves_inclusion(path, i, size, leaves[i], top));
            CHECK_FALSE(proves_inclusion(path, i, size, leaves[(i + 1) % 33], top));
            if (size > 1) CHECK_FALSE(proves_inclusion(path, (i + 1) % size, size, leaves[i], top));
            CHECK_FALSE(proves_inclusion(path, i, size, leaves[i], leaf_hash("other")));
            path.push_back(leaves[0]);
            CHECK_FALSE(proves_inclusion(path, i, size, leaves[i], top));
        }
        CHECK_FALSE(proves_inclusion({}, size, size, leaves[0], top));
        for (std::uint64_t from = 1; from <= size; ++from) {
            auto path = consistency(from, size, nodes);
            const auto start = root(from, nodes);
            CHECK(proves_consistency(path, from, size, start, top));
            CHECK_FALSE(proves_consistency(path, from, size, leaf_hash("other"), top));
            CHECK_FALSE(proves_consistency(path, from, size, start, leaf_hash("other")));
            if (!path.empty()) {
                path.back()[0] ^= 1;
                CHECK_FALSE(proves_consistency(path, from, size, start, top));
                path.pop_back();
                CHECK_FALSE(proves_consistency(path, from, size, start, top));
            }
        }
    }
}

TEST_CASE("a leaf has the octets and the hash that docs/audit.md names", "[merkle]") {
    std::string salt;
    for (char i = 0; i < 16; ++i) salt += i;
    Leaf leaf{7,
              1799575200000000,
              42,
              3,
              "evt-018cc251-f400-7000-8000-000000000001",
              "task.deleted",
              "018cc251-f400-7000-8000-0000000000aa",
              "user",
              content_hash(salt, R"({"taskId":42,"todo":null})")};
    CHECK(hex(leaf.content) == "cbf40f38d727bc1eb2b7aa805d6a685e3cbbf917bf92b26c4024c207f4a28db0");
    CHECK(hex(encode(leaf)) ==
          "010000000000000007000664b4408ae800000000000000002a0000000000000003000000286576742d30313863633235312d66343030"
          "2d373030302d383030302d3030303030303030303030310000000c7461736b2e64656c65746564000000243031386363323531"
          "2d663430302d373030302d383030302d30303030303030303030616100000004"
          "75736572cbf40f38d727bc1eb2b7aa805d6a685e3cbbf917bf92b26c4024c207f4a28db0");
    CHECK(hex(hash(leaf)) == "615c3a10700ae6a4414d5e35017595f17f08b95e1381afbef936d6d847b58017");
    leaf.content = {};
    CHECK(hex(hash(leaf)) == "8e41b052b28e92ad4052ba2361df6e01a3f72af37b788d5e59e33911c7a5fe36");
    const Leaf odd{1, -1, INT64_MAX, 0, "", "täsk", "", "", content_hash(salt, R"({"taskId":42,"todo":null})")};
    CHECK(hex(hash(odd)) == "4b80ae4255d54b0ef03683e529851db1a78da0b7d22a8bc014f3cf47dd40bb16");
}
