// Prints random trees with a root, proofs and a signed checkpoint of each, one JSON object a line, for an independent
// implementation to judge: merkle_cases COUNT SEED
#include "audit/note.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>

using namespace carillon::audit;
namespace bj = boost::json;

namespace {

bj::array texts(const merkle::Path& path) {
    bj::array out;
    for (const auto& hash : path) out.emplace_back(merkle::to_base64(hash));
    return out;
}

bj::object random_tree(std::mt19937_64& random, const Signer& signer) {
    const auto below = [&random](std::uint64_t n) {
        return std::uniform_int_distribution<std::uint64_t>(0, n - 1)(random);
    };
    const auto size = 1 + below(below(10) == 0 ? 600 : 40);
    std::map<std::pair<int, std::uint64_t>, merkle::Hash> stored;
    merkle::Frontier frontier;
    bj::array leaves;
    for (std::uint64_t i = 0; i < size; ++i) {
        const auto data = std::to_string(random());
        leaves.emplace_back(data);
        stored[{0, i}] = merkle::leaf_hash(data);
        frontier.add(stored[{0, i}], [&stored](int level, std::uint64_t number, const merkle::Hash& hash) {
            stored[{level, number}] = hash;
        });
    }
    const merkle::Nodes nodes = [&stored](int level, std::uint64_t number) { return stored.at({level, number}); };
    const auto index = below(size), from = 1 + below(size);
    return {{"leaves", leaves},
            {"root", merkle::to_base64(frontier.root())},
            {"index", index},
            {"inclusion", texts(merkle::inclusion(index, size, nodes))},
            {"from", from},
            {"from_root", merkle::to_base64(merkle::root(from, nodes))},
            {"consistency", texts(merkle::consistency(from, size, nodes))},
            {"key", to_string(signer.verifier())},
            {"note", signer.sign(size, frontier.root())}};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    std::mt19937_64 random(std::strtoull(argv[2], nullptr, 10));
    std::array<unsigned char, 32> seed{};
    for (auto& byte : seed) byte = static_cast<unsigned char>(random());
    const Signer signer("carillon-audit-cases", seed);
    for (int i = 0; i < std::atoi(argv[1]); ++i) std::puts(bj::serialize(random_tree(random, signer)).c_str());
}
