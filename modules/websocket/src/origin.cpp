#include "origin.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <cctype>
#include <optional>

namespace carillon::websocket {
namespace {

struct Origin {
    std::string scheme;
    std::string authority;  ///< host[:port], the scheme's own port left out
};

std::string lower(std::string_view text) {
    std::string out{text};
    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

std::string without_default_port(std::string authority, std::string_view scheme) {
    const std::string_view port = scheme == "https" ? ":443" : ":80";
    if (authority.ends_with(port)) authority.resize(authority.size() - port.size());
    return authority;
}

std::optional<Origin> parse_origin(std::string_view text) {
    const auto url = boost::urls::parse_uri(boost::core::string_view{text.data(), text.size()});
    if (!url || !url->has_authority() || url->encoded_host().empty() || url->has_userinfo()) return std::nullopt;
    std::string scheme = lower(std::string_view{url->scheme().data(), url->scheme().size()});
    if (scheme != "http" && scheme != "https") return std::nullopt;
    const auto authority = url->encoded_host_and_port();
    return Origin{scheme, without_default_port(lower(std::string_view{authority.data(), authority.size()}), scheme)};
}

}  // namespace

bool origin_allowed(std::string_view origin, std::string_view host, const std::vector<std::string>& allowed) {
    if (origin.empty()) return true;
    const auto from = parse_origin(origin);
    if (!from) return false;
    // The scheme is not compared here: behind a proxy that ends TLS the server cannot see it.
    if (!host.empty() && from->authority == without_default_port(lower(host), from->scheme)) return true;
    return std::any_of(allowed.begin(), allowed.end(), [&](const std::string& entry) {
        const auto other = parse_origin(entry);
        return other && other->scheme == from->scheme && other->authority == from->authority;
    });
}

}  // namespace carillon::websocket
