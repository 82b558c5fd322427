#pragma once
int	x;
int y; 
int z;