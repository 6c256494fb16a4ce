#pragma once

#include <errno.h>
#include <libavutil/avutil.h>
#include <libavutil/error.h>

/// What libav defines as macros that Swift does not import.

static const int heliograph_AVERROR_EAGAIN = AVERROR(EAGAIN);
static const int heliograph_AVERROR_EOF = AVERROR_EOF;
static const int64_t heliograph_AV_NOPTS_VALUE = AV_NOPTS_VALUE;
