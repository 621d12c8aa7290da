// The one coroutine type of the program, and its GCC 12 rule: `co_await` takes names, never braces or lambdas
// (GCC bug 107288 destroys some temporaries of a co_await expression twice).
#pragma once

#include <boost/asio/awaitable.hpp>

namespace carillon {
namespace asio = boost::asio;
template <class T>
using awaitable = boost::asio::awaitable<T>;
}  // namespace carillon
