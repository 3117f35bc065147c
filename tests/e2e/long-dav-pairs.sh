#!/bin/bash
# 30-dav-pairs.sh with 3,000 resources and a value of 10 MB.
RESOURCES=3000 BIG=10000000 exec "$(dirname "$0")/30-dav-pairs.sh"
