#pragma once
#include "turn.h"
