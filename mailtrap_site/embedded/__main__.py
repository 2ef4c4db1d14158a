"""`python -m mailtrap_site.embedded` starts the instance, `… clean` removes its data; without Django, to be quick."""

import sys

from mailtrap_site.embedded import up

if __name__ == "__main__":
    sys.exit(up.clean_data() if sys.argv[1:] == ["clean"] else up.main())
