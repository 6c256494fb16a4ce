#include "clibavshim.h"
