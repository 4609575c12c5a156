"""What tests are given: servers, databases, brokers, listeners."""
