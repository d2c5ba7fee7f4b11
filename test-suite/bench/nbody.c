/* Planets under gravity: floating point, short inner loops, square roots. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define BODIES 5

struct body {
	double x[3], v[3], mass;
};

static struct body bodies[BODIES] = {
	{{0, 0, 0}, {0, 0, 0}, 39.47841760435743},
	{{4.84143144246472090, -1.16032004402742839, -0.10362204447112311},
	 {0.60632639299583202, 2.81198684491626016, -0.02521836165988763},
	 0.03769367487038949},
	{{8.34336671824457987, 4.12479856412430479, -0.40352341711432138},
	 {-1.01077434617879236, 1.82566237123041186, 0.00841576137658415},
	 0.01128632613196877},
	{{12.8943695621391310, -15.1111514016986312, -0.22330757889265573},
	 {1.08279100644153536, 0.86871301816960822, -0.01083263740136364},
	 0.00172372405705971},
	{{15.3796971148509165, -25.9193146099879641, 0.17925877295037118},
	 {0.97909073224389798, 0.59469899864767617, -0.03475595555078104},
	 0.00203368686992463},
};

static double energy(void)
{
	double sum = 0;

	for (int i = 0; i < BODIES; i++) {
		struct body *a = &bodies[i];

		for (int k = 0; k < 3; k++)
			sum += a->mass * a->v[k] * a->v[k] / 2;
		for (int j = i + 1; j < BODIES; j++) {
			double square = 0;

			for (int k = 0; k < 3; k++) {
				double d = a->x[k] - bodies[j].x[k];

				square += d * d;
			}
			sum -= a->mass * bodies[j].mass / sqrt(square);
		}
	}
	return sum;
}

static void advance(double dt)
{
	for (int i = 0; i < BODIES; i++) {
		struct body *a = &bodies[i];

		for (int j = i + 1; j < BODIES; j++) {
			struct body *b = &bodies[j];
			double dx = a->x[0] - b->x[0], dy = a->x[1] - b->x[1];
			double dz = a->x[2] - b->x[2];
			double square = dx * dx + dy * dy + dz * dz;
			double pull = dt / (square * sqrt(square));

			a->v[0] -= dx * b->mass * pull;
			a->v[1] -= dy * b->mass * pull;
			a->v[2] -= dz * b->mass * pull;
			b->v[0] += dx * a->mass * pull;
			b->v[1] += dy * a->mass * pull;
			b->v[2] += dz * a->mass * pull;
		}
	}
	for (int i = 0; i < BODIES; i++)
		for (int k = 0; k < 3; k++)
			bodies[i].x[k] += dt * bodies[i].v[k];
}

int main(int argc, char **argv)
{
	int steps = argc > 1 ? atoi(argv[1]) : 5000000;

	printf("%.9f\n", energy());
	for (int i = 0; i < steps; i++)
		advance(0.01);
	printf("%.9f\n", energy());
	return 0;
}
